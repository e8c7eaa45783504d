import {
  PluribusError,
  queueDiscipline,
  redeclareSubscription,
  redeclareTopic,
  type SettingChange,
  type Start,
  type SubscriptionSpec,
  type TopicSpec,
} from '@pluribus/core/driver'
import type { Database } from './database.ts'

/** Creates a topic, or overwrites what may be overwritten; within a transaction. */
export function declareTopic({ sql }: Database, declared: TopicSpec): readonly SettingChange[] {
  const { name } = declared
  const row = sql.get`SELECT spec FROM topics WHERE name = ${name}`
  if (row === undefined) {
    sql.run`INSERT INTO topics (name, spec) VALUES (${name}, ${JSON.stringify(declared)})`
    return []
  }
  const { spec, changes } = redeclareTopic(JSON.parse(String(row.spec)), declared)
  sql.run`UPDATE topics SET spec = ${JSON.stringify(spec)} WHERE name = ${name}`
  return changes
}

/** Creates a subscription with all that it starts with, or overwrites what may be overwritten; within a transaction. */
export function declareSubscription(db: Database, declared: SubscriptionSpec): readonly SettingChange[] {
  const { topic, name } = declared
  const row = db.sql.get`SELECT id, spec FROM subscriptions WHERE topic = ${topic} AND name = ${name}`
  if (row === undefined) {
    create(db, declared)
    return []
  }
  const { spec, changes } = redeclareSubscription(JSON.parse(String(row.spec)), declared)
  db.sql.run`UPDATE subscriptions SET spec = ${JSON.stringify(spec)} WHERE id = ${row.id ?? null}`
  return changes
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
