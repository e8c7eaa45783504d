import type { Discipline } from '../driver/discipline.js'
import type { Start, SubscriptionSpec, TopicSpec } from '../driver/spec.js'
import { PluribusError } from '../errors/pluribus-error.js'
import type { Codec } from './codec.js'
import { fifo, lifo, priority } from './discipline.js'
import { type Duration, toMilliseconds } from './duration.js'
import { json } from './json.js'
import { checkSubscriptionName, checkTopicName } from './names.js'
import { checkInteger, checkOptions } from './options.js'
import { quote } from './quote.js'
import { isReserved } from './reserved.js'
import { type RetryOptions, resolveRetry } from './retry-policy.js'
import type { InferInput, InferOutput, StandardSchema } from './schema.js'
import { checkStart } from './start.js'

/**
 * What a topic may be given beside its name.
 *
 * @example
 * ```ts
 * import type { TopicOptions } from '@pluribus/core'
 *
 * const keepLong: TopicOptions<unknown> = { retention: { age: '90d' }, version: 2 }
 * ```
 */
export interface TopicOptions<In> {
  /** How data becomes bytes. Default: `json()`. */
  readonly codec?: Codec<In>
  /** The version of the data's shape, stored with every message. Default: 1. */
  readonly version?: number
  /** How long handled messages stay. Default: `{ age: '7d' }`. */
  readonly retention?: { readonly age?: Duration; readonly bytes?: number }
  /** Fixed at creation. With n, order holds within each of n. Default: 1. */
  readonly partitions?: number
}

/**
 * The durable policy of a subscription.
 *
 * @example
 * ```ts
 * import { priority, type SubscriptionOptions } from '@pluribus/core'
 *
 * const patient: SubscriptionOptions = { discipline: priority({ levels: 3 }), retry: { attempts: 10 }, timeout: '1m' }
 * ```
 */
export interface SubscriptionOptions {
  /** Default: `fifo()`. */
  readonly discipline?: Discipline
  /** Default: 5 attempts, 100 ms, 1 s, 5 s and 30 s apart. */
  readonly retry?: RetryOptions
  /** How long one run may take. Default: 5 s. */
  readonly timeout?: Duration
  /** How long a run may outlive its timeout before its slot is taken from it. Default: 5 s. */
  readonly grace?: Duration
  /** Where the subscription starts, decided once, at creation. Default: `earliest`. */
  readonly from?: Start | { readonly time: Date }
}

/**
 * A named stream of one kind of message: a value, shared between the services that use it. `In` is what publishers
 * give, `Out` what handlers get; they differ only where a schema transforms.
 *
 * @example
 * ```ts
 * import { type Topic, topic } from '@pluribus/core'
 *
 * export const orderPlaced: Topic<{ id: string }> = topic<{ id: string }>('orders.placed')
 * ```
 */
export interface Topic<out In, out Out = In> {
  readonly name: string
  readonly version: number
  readonly codec: Codec<In>
  readonly schema: StandardSchema<In, Out> | undefined
  readonly spec: TopicSpec
  /**
   * A named, durable queue of this topic.
   *
   * @throws PluribusError `INVALID_ARGUMENT` for an illegal name or option.
   */
  subscription(name: string, options?: SubscriptionOptions): Subscription<In, Out>
}

/**
 * A named, durable queue of one topic: a value, like its topic.
 *
 * @example
 * ```ts
 * import { type Subscription, topic } from '@pluribus/core'
 *
 * export const billing: Subscription<{ id: string }> = topic<{ id: string }>('orders.placed').subscription('billing')
 * ```
 */
export interface Subscription<out In, out Out = In> {
  readonly name: string
  readonly topic: Topic<In, Out>
  readonly spec: SubscriptionSpec
}

type Options<In> = TopicOptions<In> & { readonly schema?: StandardSchema<unknown, unknown> }

const TOPIC_OPTIONS = ['schema', 'codec', 'version', 'retention', 'partitions']
const SUBSCRIPTION_OPTIONS = ['discipline', 'retry', 'timeout', 'grace', 'from']

/**
 * Declares a topic. Nothing is created until a broker publishes or subscribes.
 *
 * @param name Dotted lower-case segments of `a-z`, `0-9` and `-`, up to 100 characters. Those that begin with `pluribus.` are
 * Pluribus's own.
 * @throws PluribusError `INVALID_ARGUMENT` for an illegal name or option.
 * @example
 * ```ts
 * import { topic } from '@pluribus/core'
 *
 * export const orderPlaced = topic<{ id: string; total: number }>('orders.placed')
 * export const billing = orderPlaced.subscription('billing', { retry: { attempts: 3 } })
 * ```
 */
export function topic<S extends StandardSchema<unknown, unknown>>(
  name: string,
  options: TopicOptions<InferInput<S>> & { readonly schema: S },
): Topic<InferInput<S>, InferOutput<S>>
export function topic<T = unknown>(name: string, options?: TopicOptions<T>): Topic<T>
export function topic(name: string, options: Options<unknown> = {}): Topic<unknown> {
  const checked = checkTopicName(name)
  if (isReserved(checked)) throw reserved(checked)
  return makeTopic(checked, options)
}

/** A topic of our own, which applications read and nobody else declares. */
export const reservedTopic = <T>(name: string, options: TopicOptions<T>): Topic<T> =>
  makeTopic(name, options as Options<unknown>) as Topic<T>

function makeTopic(checked: string, options: Options<unknown>): Topic<unknown> {
  checkOptions(options, TOPIC_OPTIONS, `topic(${checked})`)
  const { partitions = 1, version = 1, codec = json<unknown>(), schema, retention } = options
  const spec: TopicSpec = Object.freeze({
    name: checked,
    partitions: checkInteger(partitions, 'partitions', 1, 1_024),
    retention: resolveRetention(retention),
  })
  const self: Topic<unknown> = Object.freeze({
    name: checked,
    version: checkInteger(version, 'version', 1, 2 ** 31 - 1),
    codec: checkCodec(codec),
    schema: checkSchema(schema),
    spec,
    subscription: (subscriptionName: string, policy?: SubscriptionOptions) =>
      subscriptionOf(self, subscriptionName, policy),
  })
  return self
}

function reserved(name: string): PluribusError {
  const message = `'${name}': names that begin with 'pluribus.' are Pluribus's own. Choose another; to read the journal, use deliveryJournal and processJournal of @pluribus/core.`
  return new PluribusError('INVALID_ARGUMENT', message, { details: { argument: 'topic name' } })
}

function subscriptionOf(of: Topic<unknown>, name: string, options: SubscriptionOptions = {}): Subscription<unknown> {
  const checked = checkSubscriptionName(name)
  checkOptions(options, SUBSCRIPTION_OPTIONS, `subscription(${checked})`)
  const { discipline, from = 'earliest', retry, timeout = 5_000, grace = 5_000 } = options
  const { attempts, delays } = resolveRetry(retry)
  const spec: SubscriptionSpec = Object.freeze({
    topic: of.name,
    name: checked,
    discipline: checkDiscipline(discipline),
    from: checkStart(from),
    retry: Object.freeze({ attempts, delays: Object.freeze([...delays]) }),
    timeout: checkPositive(timeout, 'timeout'),
    grace: toMilliseconds(grace, 'grace'),
  })
  return Object.freeze({ name: checked, topic: of, spec })
}

function checkPositive(value: Duration, what: string): number {
  const ms = toMilliseconds(value, what)
  if (ms > 0) return ms
  throw new PluribusError('INVALID_ARGUMENT', `${what} must be longer than 0 ms.`)
}

function resolveRetention(options: TopicOptions<unknown>['retention']): TopicSpec['retention'] {
  checkOptions(options, ['age', 'bytes'], 'retention')
  const { age, bytes } = options ?? { age: '7d' }
  return Object.freeze({
    ...(age === undefined ? {} : { age: toMilliseconds(age, 'retention age') }),
    ...(bytes === undefined ? {} : { bytes: checkInteger(bytes, 'retention bytes', 1, Number.MAX_SAFE_INTEGER) }),
  })
}

/** Made by hand or by ours: what is stored is one that we would have made. */
function checkDiscipline(discipline: Discipline | undefined): Discipline {
  if (discipline === undefined) return fifo()
  if (typeof discipline === 'object' && discipline !== null) {
    const { kind, levels, atLeast } = discipline
    if (kind === 'fifo') return fifo()
    if (kind === 'lifo') return lifo({ atLeast })
    if (kind === 'priority') return priority({ levels, atLeast })
  }
  throw new PluribusError(
    'INVALID_ARGUMENT',
    `discipline: ${quote(discipline)} is not fifo(), lifo() or priority({ levels }).`,
  )
}

function checkCodec(codec: Codec<unknown>): Codec<unknown> {
  const { contentType, encode, decode } = codec ?? {}
  if (typeof contentType === 'string' && typeof encode === 'function' && typeof decode === 'function') return codec
  throw new PluribusError('INVALID_ARGUMENT', 'codec is json(), bytes, or an object { contentType, encode, decode }.')
}

function checkSchema(schema: StandardSchema<unknown, unknown> | undefined) {
  if (schema === undefined || typeof schema?.['~standard']?.validate === 'function') return schema
  throw new PluribusError('INVALID_ARGUMENT', 'schema is a Standard Schema: one of zod, valibot, arktype and others.')
}
