import {
  redeclareSubscription,
  redeclareTopic,
  type SettingChange,
  type SubscriptionSpec,
  type TopicSpec,
} from '@pluribus/core/driver'
import type { MemoryStore } from './store.js'
import { MemoryTopic } from './topic.js'

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
  else redeclareTopic(stored.spec, spec)
}

function checkSubscription(topic: MemoryTopic, spec: SubscriptionSpec): void {
  const stored = topic.find(spec.name)?.spec
  if (stored === undefined) topic.positionOf(spec.from)
  else redeclareSubscription(stored, spec)
}

function applyTopic(topic: MemoryTopic, declared: TopicSpec): readonly SettingChange[] {
  const { spec, changes } = redeclareTopic(topic.spec, declared)
  if (changes.length === 0) return changes
  topic.spec = structuredClone(spec)
  topic.retention.change(topic.spec.retention)
  return changes
}

function applySubscription(topic: MemoryTopic, declared: SubscriptionSpec, now: number): readonly SettingChange[] {
  const subscription = topic.find(declared.name)
  if (subscription === undefined) {
    topic.subscribe(structuredClone(declared), now)
    return []
  }
  const { spec, changes } = redeclareSubscription(subscription.spec, declared)
  if (changes.length > 0) subscription.spec = structuredClone(spec)
  return changes
}
