import {
  redeclareSubscription,
  redeclareTopic,
  type SettingChange,
  type SubscriptionName,
  type SubscriptionSpec,
  type TopicSpec,
} from '@pluribus/core/driver'
import { topicNotFound } from './errors.js'

/** A subscription as it is stored. */
export interface Declared {
  readonly spec: SubscriptionSpec
  /** The first position that it is to handle. */
  readonly start: number
}

/** A topic with its subscriptions, as one record of the registry. */
export interface Declaration {
  readonly topic: TopicSpec
  readonly subscriptions: readonly Declared[]
}

/** A declaration as it is to be, and what that overwrites. */
export interface RedeclaredTopic {
  readonly declaration: Declaration
  readonly changes: readonly SettingChange[]
  readonly isChanged: boolean
}

/**
 * What is stored of a topic, with what is declared now. Throws `CONFLICT` where something that is fixed at creation differs, and
 * `NOT_FOUND` where there is no topic.
 *
 * @param starts Where those subscriptions begin that are new, by name.
 */
export function redeclare(
  stored: Declaration | undefined,
  topic: TopicSpec | undefined,
  subscriptions: readonly SubscriptionSpec[],
  starts: ReadonlyMap<string, number>,
): RedeclaredTopic {
  const declared = topic ?? stored?.topic
  if (declared === undefined) throw topicNotFound(subscriptions[0]?.topic ?? '')
  const { spec, changes } = redeclareTopic(stored?.topic, declared)
  const all = [...changes]
  const kept = [...(stored?.subscriptions ?? [])]
  let isNew = stored === undefined
  for (const subscription of subscriptions) {
    const at = kept.findIndex(one => one.spec.name === subscription.name)
    const before = kept[at]
    const after = redeclareSubscription(before?.spec, subscription)
    all.push(...after.changes)
    isNew ||= before === undefined
    if (before === undefined) kept.push({ spec: after.spec, start: starts.get(subscription.name) ?? 1 })
    else kept[at] = { ...before, spec: after.spec }
  }
  return { declaration: { topic: spec, subscriptions: kept }, changes: all, isChanged: isNew || all.length > 0 }
}

/** A declaration without one of its subscriptions. */
export function without({ topic, subscriptions }: Declaration, { name }: SubscriptionName): Declaration {
  return { topic, subscriptions: subscriptions.filter(({ spec }) => spec.name !== name) }
}

/** A subscription of a declaration. */
export const declaredOf = (declaration: Declaration | undefined, name: string): Declared | undefined =>
  declaration?.subscriptions.find(({ spec }) => spec.name === name)
