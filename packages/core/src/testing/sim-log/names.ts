import type { SubscriptionName } from '../../driver/spec.js'

/** Where declarations are kept: one partition, so that everybody reads them in the same order. */
export const REGISTRY = '_registry'

/** Delayed messages: one partition for each bucket. */
export const DELAY = '_delay'

// The underscore is ours: no topic and no subscription has one in its name, so that nothing can clash.

/** A subscription's own channel, for what is only for it: retries and redrives. Partitioned like the topic. */
export const ownChannel = ({ topic, name }: SubscriptionName): string => `${topic}._own.${name}`

export const deadChannel = ({ topic, name }: SubscriptionName): string => `${topic}._dead.${name}`

export const groupOf = ({ topic, name }: SubscriptionName): string => `${topic}._group.${name}`
