import type { Headers, OutgoingMessage, Payload } from '../../driver/message.js'
import { isPluribusError, PluribusError } from '../../errors/pluribus-error.js'
import { isUint8Array } from '../../model/bytes.js'
import type { Codec } from '../../model/codec.js'
import { toInstant, toMilliseconds } from '../../model/duration.js'
import { checkHeaders, EMPTY_HEADERS, headersSize } from '../../model/headers.js'
import { json } from '../../model/json.js'
import { checkId } from '../../model/names.js'
import { checkInteger, checkOptions } from '../../model/options.js'
import type { PublishOptions } from '../../model/publish-options.js'
import { quote } from '../../model/quote.js'
import type { Topic } from '../../model/topic.js'
import type { Cause } from '../chain.js'
import { type Capable, refusePublish } from '../requirements.js'
import type { Turn } from '../turn.js'
import type { Slab } from './slab.js'

const OPTIONS = ['id', 'key', 'priority', 'delay', 'deliverAt', 'headers', 'correlationId', 'causationId']
const NAMES: ReadonlySet<string> = new Set(OPTIONS)
const JSON_CODEC = json<unknown>()
/** What a message weighs beside its payload, in bytes: an estimate for `maxPending`. */
const OVERHEAD = 128

/** What all messages of one topic share. */
interface Stamp {
  readonly topic: string
  readonly contentType: string
  readonly version: number
  readonly source: string
  readonly idPrefix: string
  /** Times are kept as milliseconds since this one: small integers, which need no object of their own. */
  readonly epoch: number
}

/** Where in the bytes a payload is. */
interface Extent {
  readonly offset: number
  /** Bytes, or characters of a text. */
  readonly size: number
}

/** What most messages have nothing of. */
interface Extras {
  readonly id: string | undefined
  readonly key: string | undefined
  readonly priority: number
  readonly headers: Headers
  readonly correlationId: string | undefined
  readonly causationId: string | undefined
  readonly delay: number
}

const PLAIN: Extras = Object.freeze({
  id: undefined,
  key: undefined,
  priority: 0,
  headers: EMPTY_HEADERS,
  correlationId: undefined,
  causationId: undefined,
  delay: 0,
})

/**
 * A message on its way, made once, never changed: adapters may keep it. What is kept for days is kept small: a string or a
 * view that a message may never be asked for is made when it is read.
 */
export class Outgoing implements OutgoingMessage {
  readonly #stamp: Stamp
  readonly #extras: Extras
  readonly #serial: number
  readonly #age: number
  /** The text, or the slab that holds the bytes. */
  readonly #content: string | Uint8Array
  readonly #offset: number
  /** Bytes, or characters of a text. */
  readonly size: number

  /** `now`: milliseconds since the epoch. */
  constructor(stamp: Stamp, extras: Extras, serial: number, now: number, content: string | Uint8Array, at: Extent) {
    this.#stamp = stamp
    this.#extras = extras
    this.#serial = serial
    this.#age = now - stamp.epoch
    this.#content = content
    this.#offset = at.offset
    this.size = at.size
  }

  /** The same message with another delay: a copy, because adapters may keep the one they were given. */
  withDelay(delay: number): Outgoing {
    const at = { offset: this.#offset, size: this.size }
    return new Outgoing(this.#stamp, { ...this.#extras, delay }, this.#serial, this.time, this.#content, at)
  }

  get payload(): Payload {
    const content = this.#content
    if (typeof content === 'string') return content
    return new Uint8Array(content.buffer, content.byteOffset + this.#offset, this.size)
  }
  get id(): string {
    return this.#extras.id ?? this.#stamp.idPrefix + this.#serial
  }
  get topic(): string {
    return this.#stamp.topic
  }
  get contentType(): string {
    return this.#stamp.contentType
  }
  get key(): string | undefined {
    return this.#extras.key
  }
  get priority(): number {
    return this.#extras.priority
  }
  get headers(): Headers {
    return this.#extras.headers
  }
  get time(): number {
    return this.#stamp.epoch + this.#age
  }
  get source(): string {
    return this.#stamp.source
  }
  get version(): number {
    return this.#stamp.version
  }
  get correlationId(): string | undefined {
    return this.#extras.correlationId
  }
  get causationId(): string | undefined {
    return this.#extras.causationId
  }
  get idSupplied(): boolean {
    return this.#extras.id !== undefined
  }
  get delay(): number {
    return this.#extras.delay
  }
}

/** What makes outgoing messages: checks everything, copies everything, does no I/O. */
export class OutgoingMaker {
  readonly #turn: Turn
  readonly #source: string
  readonly #idPrefix: string
  readonly #slab: Slab
  readonly #stamps = new WeakMap<Topic<unknown>, Stamp>()
  #lastTopic: Topic<unknown> | undefined
  #lastStamp: Stamp | undefined
  #serial = 0

  constructor(turn: Turn, source: string, idPrefix: string, slab: Slab) {
    this.#turn = turn
    this.#source = source
    this.#idPrefix = idPrefix
    this.#slab = slab
  }

  /** Throws what {@link make} would throw for the options. */
  check(options: PublishOptions | undefined, on: Capable): void {
    const { headers } = extrasOf(options, undefined, this.#turn, on)
    if (headers !== EMPTY_HEADERS) checkHeadersSize(headers, on)
  }

  /** The id that the next message would have. */
  nextId(): string {
    return this.#idPrefix + ++this.#serial
  }

  /** Throws `INVALID_ARGUMENT`, `ENCODING`, `TOO_LARGE`, `UNSUPPORTED`. The data has passed the topic's schema. */
  make<In>(
    topic: Topic<In, unknown>,
    data: In,
    options: PublishOptions | undefined,
    cause: Cause | undefined,
    on: Capable,
  ): Outgoing {
    const extras = extrasOf(options, cause, this.#turn, on)
    const content = checkContent(encode(topic, data), topic.codec as Codec<unknown>)
    checkSize(content, on)
    if (extras.headers !== EMPTY_HEADERS) checkHeadersSize(extras.headers, on)
    const stamp = this.#stampOf(topic as Topic<unknown>)
    const serial = ++this.#serial
    if (typeof content === 'string') {
      return new Outgoing(stamp, extras, serial, this.#turn.wall, content, { offset: 0, size: content.length })
    }
    const slab = this.#slab
    slab.copy(content)
    return new Outgoing(stamp, extras, serial, this.#turn.wall, slab.bytes, slab)
  }

  #stampOf(topic: Topic<unknown>): Stamp {
    if (topic === this.#lastTopic) return this.#lastStamp as Stamp
    let stamp = this.#stamps.get(topic)
    if (stamp === undefined) {
      const { name, codec, version } = topic
      const shared = { source: this.#source, idPrefix: this.#idPrefix, epoch: this.#turn.wall }
      stamp = Object.freeze({ topic: name, contentType: codec.contentType, version, ...shared })
      this.#stamps.set(topic, stamp)
    }
    this.#lastTopic = topic
    this.#lastStamp = stamp
    return stamp
  }
}

/** Reads options, each of them once. */
function extrasOf(given: PublishOptions | undefined, cause: Cause | undefined, turn: Turn, on: Capable): Extras {
  if (given === undefined) return cause === undefined ? PLAIN : causedBy(cause)
  // Each is read once, so that what was checked is what is used.
  const options: PublishOptions = ordinary(given) ?? checkOptions(given, OPTIONS, 'publish()')
  const { id, key, priority, headers, delay, deliverAt, correlationId, causationId } = options
  if (id !== undefined) checkId(id, 'message id')
  if (key !== undefined) checkId(key, 'ordering key')
  if (correlationId !== undefined) checkId(correlationId, 'correlation id')
  if (causationId !== undefined) checkId(causationId, 'causation id')
  if (priority !== undefined) checkInteger(priority, 'priority', 0, 255)
  refusePublish(options, on)
  return {
    id,
    key,
    priority: priority ?? 0,
    headers: headers === undefined ? EMPTY_HEADERS : checkHeaders(headers),
    correlationId: correlationId ?? cause?.stored.correlationId ?? cause?.stored.id,
    causationId: causationId ?? cause?.stored.id,
    delay: delay === undefined && deliverAt === undefined ? 0 : delayOf(delay, deliverAt, turn.wall),
  }
}

const causedBy = ({ stored }: Cause): Extras => ({
  ...PLAIN,
  correlationId: stored.correlationId ?? stored.id,
  causationId: stored.id,
})

/** A copy of options that need no closer look. The one without prototype that others get costs as much as the whole publish. */
function ordinary(options: PublishOptions): PublishOptions | undefined {
  try {
    if (options === null || Object.getPrototypeOf(options) !== Object.prototype) return undefined
    for (const name in options) if (!NAMES.has(name)) return undefined
    return { ...options }
  } catch {
    // A trap or a getter: looked at closely, it is refused in our words.
    return undefined
  }
}

/** About how many bytes a message takes while it waits; text is counted by characters. */
export const weightOf = ({ size, headers }: Outgoing): number =>
  size + OVERHEAD + (headers === EMPTY_HEADERS ? 0 : headersSize(headers))

function delayOf(delay: PublishOptions['delay'], deliverAt: PublishOptions['deliverAt'], now: number): number {
  if (delay !== undefined && deliverAt !== undefined) {
    throw new PluribusError('INVALID_ARGUMENT', 'publish() takes delay or deliverAt, not both.')
  }
  if (delay !== undefined) return toMilliseconds(delay, 'delay')
  if (deliverAt === undefined) return 0
  return toMilliseconds(Math.max(0, toInstant(deliverAt, 'deliverAt') - now), 'deliverAt')
}

/** A codec of the user's may throw anything; to its caller it is one thing: this data cannot be encoded. */
function encode<In>({ codec, name }: Topic<In, unknown>, data: In): unknown {
  try {
    return codec.encode(data)
  } catch (cause) {
    if (isPluribusError(cause)) throw cause
    const said = cause instanceof Error ? cause.message : quote(cause)
    throw new PluribusError('ENCODING', `${name}: the codec (${codec.contentType}) failed: ${said}`, { cause })
  }
}

/** What `json()` writes is well-formed by its definition: only the texts of other codecs are looked through. */
function checkContent(content: unknown, codec: Codec<unknown>): Payload {
  if (isUint8Array(content)) return content
  if (typeof content === 'string') {
    if (codec === JSON_CODEC || content.isWellFormed()) return content
    throw new PluribusError(
      'ENCODING',
      'The encoded text has a lone surrogate, which no bytes can hold. Use json(), or value.toWellFormed().',
    )
  }
  throw new PluribusError('ENCODING', 'A codec encodes to a string or a Uint8Array; this one gave something else.')
}

function checkSize(payload: Payload, { capabilities, adapter }: Capable): void {
  const limit = capabilities.limits.payload
  // No character takes more than three bytes, so most texts need no counting.
  if (payload.length * 3 <= limit) return
  const size = typeof payload === 'string' ? Buffer.byteLength(payload) : payload.byteLength
  if (size > limit) throw tooLarge('payload', size, limit, adapter)
}

function checkHeadersSize(headers: Headers, { capabilities, adapter }: Capable): void {
  const size = headersSize(headers)
  if (size > capabilities.limits.headers) throw tooLarge('headers', size, capabilities.limits.headers, adapter)
}

function tooLarge(what: string, size: number, limit: number, adapter: string): PluribusError {
  const message = `The ${what} of ${size} bytes exceed what ${adapter} takes, ${limit} bytes. Store the data elsewhere and send a reference.`
  return new PluribusError('TOO_LARGE', message, { outcome: 'definite', details: { size, limit } })
}
