import { isDeepStrictEqual } from 'node:util'
import type { SettingChange, SubscriptionSpec, TopicSpec } from '@pluribus/core/driver'
import { disciplineConflict, partitionsConflict } from './errors.js'
import type { MemoryStore } from './store.js'
import { MemoryTopic } from './topic.js'

/** What a declaration may overwrite. `from` is not among them: it is decided once, at creation. */
const SETTINGS = ['discipline', 'retry', 'timeout', 'grace'] as const

/**
 * Creates what is missing, overwrites what differs, and answers what it overwrote. Everything is checked before anything
 * is changed: a declaration that is refused has done nothing.
 *
 * @param now By the monotonic clock.
 * @throws PluribusError `CONFLICT` where something fixed at creation differs; `NOT_FOUND` where the topic of a
 * subscription, or the id it starts at, does not exist.
 */
export function declare(
  store: MemoryStore,
  topics: readonly TopicSpec[],
  subscriptions: readonly SubscriptionSpec[],
  now: number,
): readonly SettingChange[] {
  const created = new Map<string, MemoryTopic>()
  for (const spec of topics) checkTopic(store, created, spec)
  for (const spec of subscriptions) checkSubscription(created.get(spec.topic) ?? store.topic(spec.topic), spec)
  for (const topic of created.values()) store.add(topic)
  return [
    ...topics.flatMap(spec => applyTopic(store.topic(spec.name), spec)),
    ...subscriptions.flatMap(spec => applySubscription(store.topic(spec.topic), spec, now)),
  ]
}

function checkTopic(store: MemoryStore, created: Map<string, MemoryTopic>, spec: TopicSpec): void {
  const stored = store.find(spec.name) ?? created.get(spec.name)
  if (stored === undefined) created.set(spec.name, new MemoryTopic(structuredClone(spec)))
  else if (stored.spec.partitions !== spec.partitions) {
    throw partitionsConflict(spec.name, stored.spec.partitions, spec.partitions)
  }
}

function checkSubscription(topic: MemoryTopic, spec: SubscriptionSpec): void {
  const stored = topic.find(spec.name)?.spec
  if (stored === undefined) topic.positionOf(spec.from)
  else if (stored.discipline.kind !== spec.discipline.kind || stored.discipline.levels !== spec.discipline.levels) {
    throw disciplineConflict(spec, describe(stored), describe(spec))
  }
}

const describe = ({ discipline: { kind, levels } }: SubscriptionSpec): string =>
  kind === 'priority' ? `priority with levels: ${levels}` : kind

function applyTopic(topic: MemoryTopic, spec: TopicSpec): SettingChange[] {
  // Copied before it is compared: two objects of different realms, as in Jest, are never deeply equal.
  const declared = structuredClone(spec)
  const { name, retention: from } = topic.spec
  const to = declared.retention
  if (isDeepStrictEqual(from, to)) return []
  topic.spec = declared
  topic.retention.change(to)
  return [{ topic: name, setting: 'retention', from, to }]
}

function applySubscription(topic: MemoryTopic, spec: SubscriptionSpec, now: number): SettingChange[] {
  const declared = structuredClone(spec)
  const subscription = topic.find(spec.name)
  if (subscription === undefined) {
    topic.subscribe(declared, now)
    return []
  }
  const stored = subscription.spec
  const changed = SETTINGS.filter(setting => !isDeepStrictEqual(stored[setting], declared[setting]))
  if (changed.length > 0) subscription.spec = { ...declared, from: stored.from }
  return changed.map(setting => {
    return { topic: spec.topic, subscription: spec.name, setting, from: stored[setting], to: declared[setting] }
  })
}
