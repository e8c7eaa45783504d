import { isDeepStrictEqual } from 'node:util'
import {
  PluribusError,
  queueDiscipline,
  type SettingChange,
  type Start,
  type SubscriptionSpec,
  type TopicSpec,
} from '@pluribus/core/driver'
import type { Database } from './database.ts'

/** Creates a topic, or overwrites what may be overwritten; within a transaction. */
export function declareTopic(db: Database, spec: TopicSpec): readonly SettingChange[] {
  const { name, partitions } = spec
  const row = db.sql.get`SELECT spec FROM topics WHERE name = ${name}`
  if (row === undefined) {
    db.sql.run`INSERT INTO topics (name, spec) VALUES (${name}, ${JSON.stringify(spec)})`
    return []
  }
  const stored: TopicSpec = JSON.parse(String(row.spec))
  if (stored.partitions !== partitions) {
    throw conflict(`The topic ${name} has ${stored.partitions} partitions, not ${partitions}.`)
  }
  db.sql.run`UPDATE topics SET spec = ${JSON.stringify(spec)} WHERE name = ${name}`
  return changes({ topic: name }, stored, spec, ['retention'])
}

/** Creates a subscription with all that it starts with, or overwrites what may be overwritten; within a transaction. */
export function declareSubscription(db: Database, spec: SubscriptionSpec): readonly SettingChange[] {
  const { topic, name, discipline } = spec
  const row = db.sql.get`SELECT id, spec FROM subscriptions WHERE topic = ${topic} AND name = ${name}`
  if (row === undefined) {
    create(db, spec)
    return []
  }
  const stored: SubscriptionSpec = JSON.parse(String(row.spec))
  const { kind, levels } = stored.discipline
  if (kind !== discipline.kind || levels !== discipline.levels) {
    throw conflict(`The subscription ${name} of ${topic} is ${kind}, levels: ${levels}, not ${discipline.kind}.`)
  }
  const merged: SubscriptionSpec = { ...spec, from: stored.from }
  db.sql.run`UPDATE subscriptions SET spec = ${JSON.stringify(merged)} WHERE id = ${row.id ?? null}`
  return changes({ topic, subscription: name }, stored, merged, ['discipline', 'retry', 'timeout', 'grace'])
}

/** The first `seq` that a start takes in. */
export function firstOf(db: Database, topic: string, from: Start): number {
  db.assertTopic(topic)
  if (from === 'earliest') return 0
  const { sql } = db
  const end = Number(sql.get`SELECT coalesce(max(seq), 0) + 1 AS seq FROM messages`?.seq)
  if (from === 'latest') return end
  if ('time' in from) {
    const row = sql.get`SELECT min(seq) AS seq FROM messages WHERE topic = ${topic} AND stored >= ${from.time}`
    return Number(row?.seq ?? end)
  }
  const row = sql.get`SELECT max(seq) AS seq FROM messages WHERE topic = ${topic} AND id = ${from.id}`
  if (typeof row?.seq === 'number') return row.seq
  throw new PluribusError(
    'NOT_FOUND',
    `There is no message ${from.id} in ${topic}: it may have been too old to be kept.`,
  )
}

function create(db: Database, spec: SubscriptionSpec): void {
  const { topic, name, from } = spec
  const { direction, levels } = queueDiscipline(spec.discipline)
  const first = firstOf(db, topic, from)
  const { lastInsertRowid: id } = db.sql.run`
    INSERT INTO subscriptions (topic, name, direction, levels, spec)
    VALUES (${topic}, ${name}, ${direction}, ${levels}, ${JSON.stringify(spec)})`
  db.deliver(topic, first, id)
}

function changes<T>(
  about: { readonly topic: string; readonly subscription?: string },
  before: T,
  after: T,
  settings: readonly (keyof T & string)[],
): readonly SettingChange[] {
  return settings
    .filter(setting => !isDeepStrictEqual(before[setting], after[setting]))
    .map(setting => ({ ...about, setting, from: before[setting], to: after[setting] }))
}

const conflict = (message: string) =>
  new PluribusError('CONFLICT', `${message} That is fixed at creation: declare it as it is, or choose another name.`)
