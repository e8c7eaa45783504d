import { PluribusError } from '../errors/pluribus-error.js'
import type { CloseOptions, SubscribeOptions } from '../model/broker.js'
import { toMilliseconds } from '../model/duration.js'
import { checkInteger, checkOptions } from '../model/options.js'
import { quote } from '../model/quote.js'
import type { Subscription, Topic } from '../model/topic.js'

/** The first argument of most methods: what `topic(name)` made. Throws `INVALID_ARGUMENT`. */
export function checkTopic(value: unknown): asserts value is Topic<unknown> {
  const { name, codec, spec } = (value ?? {}) as Partial<Topic<unknown>>
  if (typeof name === 'string' && codec !== undefined && spec !== undefined) return
  const hint = isSubscription(value) ? ' This is a subscription: pass its topic.' : ''
  refuse(`${quote(value)} is not a topic: pass what topic(name) made.${hint}`, 'topic')
}

/** What `topic.subscription(name)` made. Throws `INVALID_ARGUMENT`. */
export function checkSubscription(value: unknown): asserts value is Subscription<unknown> {
  if (isSubscription(value)) return
  refuse(`${quote(value)} is not a subscription: pass what topic.subscription(name) made.`, 'subscription')
}

export function isSubscription(value: unknown): value is Subscription<unknown> {
  const { name, topic, spec } = (value ?? {}) as Partial<Subscription<unknown>>
  return typeof name === 'string' && topic !== undefined && spec !== undefined
}

/** The arguments of `subscribe`, before anything is done with them. Throws `INVALID_ARGUMENT`. */
export function checkSubscribe(
  subscription: unknown,
  handler: unknown,
  options: unknown,
): asserts subscription is Subscription<unknown> {
  checkSubscription(subscription)
  if (typeof handler !== 'function') refuse(`${quote(handler)} is not a handler: pass a function.`, 'handler')
  settingsOf(options)
}

/** A consumer's settings with their defaults. Throws `INVALID_ARGUMENT`. */
export function settingsOf(options: unknown): Required<SubscribeOptions> {
  const { concurrency = 1, prefetch = 256 } = checkOptions(options, ['concurrency', 'prefetch'], 'subscribe()')
  return {
    concurrency: checkInteger(concurrency, 'concurrency', 1, 10_000),
    prefetch: checkInteger(prefetch, 'prefetch', 0, 10_000),
  }
}

/** How long closing may take, in milliseconds. Throws `INVALID_ARGUMENT`. */
export function drainOf(options: CloseOptions | undefined): number {
  const { drain = '10s' } = checkOptions(options, ['drain'], 'close()')
  return toMilliseconds(drain, 'drain')
}

function refuse(message: string, argument: string): never {
  throw new PluribusError('INVALID_ARGUMENT', message, { details: { argument } })
}
