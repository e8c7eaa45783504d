import type { SubscriptionName, SubscriptionSpec, TopicSpec } from '@pluribus/core/driver'
import type { Keys } from './keys.js'
import type { Link } from './link.js'

/** In a topic's hash, the fields that name its subscriptions. */
const SUBSCRIPTION = 'sub:'

/** A topic as it is stored, with the names of its subscriptions. */
export interface StoredTopic {
  readonly spec: TopicSpec
  readonly subscriptions: readonly string[]
}

/** All topics that are there. One may be announced and not be made yet. */
export async function readTopics(link: Link, keys: Keys): Promise<readonly TopicSpec[]> {
  const names = ((await link.call('smembers', [keys.topics])) as readonly Buffer[]).map(String).sort()
  const found = await Promise.all(names.map(name => readTopic(link, keys, name)))
  return found.flatMap(topic => (topic === undefined ? [] : [topic.spec]))
}

export async function readTopic(link: Link, keys: Keys, name: string): Promise<StoredTopic | undefined> {
  // The client makes an object of a hash.
  const fields = (await link.call('hgetall', [keys.topic(name).topic])) as Readonly<Record<string, Buffer>>
  if (fields.spec === undefined) return undefined
  const subscriptions = Object.keys(fields).flatMap(field =>
    field.startsWith(SUBSCRIPTION) ? [field.slice(SUBSCRIPTION.length)] : [],
  )
  return { spec: JSON.parse(String(fields.spec)) as TopicSpec, subscriptions: subscriptions.sort() }
}

/** Undefined where the topic is not there. */
export async function readSubscriptions(
  link: Link,
  keys: Keys,
  topic: string,
): Promise<readonly SubscriptionSpec[] | undefined> {
  const stored = await readTopic(link, keys, topic)
  if (stored === undefined) return undefined
  const found = await Promise.all(stored.subscriptions.map(name => readSubscription(link, keys, { topic, name })))
  // One may have been removed meanwhile.
  return found.filter(spec => spec !== undefined)
}

export async function readSubscription(
  link: Link,
  keys: Keys,
  name: SubscriptionName,
): Promise<SubscriptionSpec | undefined> {
  const text = await link.call('hget', [keys.subscription(name).state, 'spec'])
  return text === null ? undefined : (JSON.parse(String(text)) as SubscriptionSpec)
}
