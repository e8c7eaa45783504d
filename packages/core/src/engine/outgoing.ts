import type { Headers, OutgoingMessage, Payload } from '../driver/message.js'
import { isPluribusError, PluribusError } from '../errors/pluribus-error.js'
import { isUint8Array } from '../model/bytes.js'
import { toInstant, toMilliseconds } from '../model/duration.js'
import { checkHeaders, EMPTY_HEADERS, headersSize } from '../model/headers.js'
import { checkId } from '../model/names.js'
import { checkInteger, checkOptions } from '../model/options.js'
import type { PublishOptions } from '../model/publish-options.js'
import { quote } from '../model/quote.js'
import type { Topic } from '../model/topic.js'
import type { Cause } from './chain.js'
import { type Capable, refusePublish } from './requirements.js'
import type { Slab } from './slab.js'
import type { Turn } from './turn.js'

const OPTIONS = ['id', 'key', 'priority', 'delay', 'deliverAt', 'headers', 'correlationId', 'causationId']
const NONE: PublishOptions = Object.freeze({})
/** What a message weighs beside its payload, in bytes: an estimate for `maxPending`. */
const OVERHEAD = 128

/** A message on its way, made once, never changed: adapters may keep it. */
export class Outgoing implements OutgoingMessage {
  readonly id: string
  readonly topic: string
  readonly payload: Payload
  readonly contentType: string
  readonly key: string | undefined
  readonly priority: number
  readonly headers: Headers
  readonly time: number
  readonly source: string
  readonly version: number
  readonly correlationId: string | undefined
  readonly causationId: string | undefined
  readonly idSupplied: boolean
  readonly delay: number

  constructor(maker: OutgoingMaker, topic: Topic<unknown>, payload: Payload, options: PublishOptions, cause?: Cause) {
    this.id = options.id ?? maker.nextId()
    this.topic = topic.name
    this.payload = payload
    this.contentType = topic.codec.contentType
    this.key = options.key
    this.priority = options.priority ?? 0
    this.headers = options.headers === undefined ? EMPTY_HEADERS : checkHeaders(options.headers)
    this.time = maker.turn.wall
    this.source = maker.source
    this.version = topic.version
    this.correlationId = options.correlationId ?? cause?.stored.correlationId ?? cause?.stored.id
    this.causationId = options.causationId ?? cause?.stored.id
    this.idSupplied = options.id !== undefined
    this.delay = options.delay === undefined && options.deliverAt === undefined ? 0 : delayOf(options, maker.turn.wall)
  }
}

/** What makes outgoing messages: checks everything, copies everything, does no I/O. */
export class OutgoingMaker {
  readonly turn: Turn
  readonly source: string
  readonly nextId: () => string
  readonly #slab: Slab

  constructor(turn: Turn, source: string, nextId: () => string, slab: Slab) {
    this.turn = turn
    this.source = source
    this.nextId = nextId
    this.#slab = slab
  }

  /** Throws what {@link make} would throw for the options. */
  check(options: PublishOptions | undefined, on: Capable): void {
    if (options === undefined) return
    const checked = checkPublishOptions(options, on)
    if (checked.headers !== undefined) checkHeadersSize(checkHeaders(checked.headers), on)
    delayOf(checked, this.turn.wall)
  }

  /** Throws `INVALID_ARGUMENT`, `ENCODING`, `TOO_LARGE`, `UNSUPPORTED`. The data has passed the topic's schema. */
  make<In>(
    topic: Topic<In, unknown>,
    data: In,
    options: PublishOptions = NONE,
    cause: Cause | undefined,
    on: Capable,
  ): Outgoing {
    const checked = options === NONE ? NONE : checkPublishOptions(options, on)
    const encoded = encode(topic, data)
    const payload = typeof encoded === 'string' ? encoded : this.#slab.copy(checkBytes(encoded))
    checkSize(payload, on)
    const message = new Outgoing(this, topic as Topic<unknown>, payload, checked, cause)
    if (message.headers !== EMPTY_HEADERS) checkHeadersSize(message.headers, on)
    return message
  }
}

/** About how many bytes a message takes while it waits; text is counted by characters. */
export const weightOf = ({ payload, headers }: OutgoingMessage): number =>
  payload.length + OVERHEAD + (headers === EMPTY_HEADERS ? 0 : headersSize(headers))

/** The message with another delay: a copy, because adapters may keep the one they were given. */
export const withDelay = (message: OutgoingMessage, delay: number): OutgoingMessage =>
  Object.assign(Object.create(Outgoing.prototype), message, { delay })

/** Answers a copy, so that what was checked is what is used. Throws `INVALID_ARGUMENT` or `UNSUPPORTED`. */
function checkPublishOptions(given: PublishOptions, on: Capable): PublishOptions {
  const options: PublishOptions = checkOptions(given, OPTIONS, 'publish()')
  const { id, key, priority, correlationId, causationId } = options
  if (id !== undefined) checkId(id, 'message id')
  if (key !== undefined) checkId(key, 'ordering key')
  if (correlationId !== undefined) checkId(correlationId, 'correlation id')
  if (causationId !== undefined) checkId(causationId, 'causation id')
  if (priority !== undefined) checkInteger(priority, 'priority', 0, 255)
  refusePublish(options, on)
  return options
}

function delayOf({ delay, deliverAt }: PublishOptions, now: number): number {
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

function checkBytes(encoded: unknown): Uint8Array {
  if (isUint8Array(encoded)) return encoded
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
