import type { Headers, Payload, StoredMessage } from '../../driver/message.js'
import { PluribusError } from '../../errors/pluribus-error.js'
import type { Message } from '../../model/message.js'
import type { Topic } from '../../model/topic.js'

/** Says "not decoded yet"; `undefined` is a value that a codec may give. */
const UNREAD = Symbol('unread')

/** A view of a stored message: decodes when first read, copies what could be changed. */
export class DeliveredMessage<T> implements Message<T> {
  readonly #stored: StoredMessage
  readonly #topic: Topic<unknown, T>
  #data: T | typeof UNREAD = UNREAD
  #unreadable: unknown

  constructor(stored: StoredMessage, topic: Topic<unknown, T>) {
    this.#stored = stored
    this.#topic = topic
  }

  get data(): T {
    if (this.#data === UNREAD) this.#data = this.decode() as T
    return this.#data
  }

  /** What the codec makes of the payload, before any schema. */
  decode(): unknown {
    try {
      return this.#topic.codec.decode(this.#stored.payload)
    } catch (cause) {
      throw this.refused(decodingError(this.#stored, cause))
    }
  }

  /** Remembers why this message cannot be read by anybody; hands the error back, to be thrown. */
  refused(error: unknown): unknown {
    this.#unreadable = error
    return error
  }

  /** Sets what the schema made of the data. */
  validated(data: T): void {
    this.#data = data
  }

  /** Whether a run failed because this message cannot be decoded, or does not satisfy its schema: no attempt can mend that. */
  isUnreadable(thrown: unknown): boolean {
    return thrown !== undefined && thrown === this.#unreadable
  }

  get id(): string {
    return this.#stored.id
  }
  get topic(): string {
    return this.#stored.topic
  }
  get key(): string | undefined {
    return this.#stored.key
  }
  get priority(): number {
    return this.#stored.priority
  }
  get headers(): Headers {
    return this.#stored.headers
  }
  get time(): Date {
    return new Date(this.#stored.time)
  }
  get source(): string {
    return this.#stored.source
  }
  get version(): number {
    return this.#stored.version
  }
  get correlationId(): string {
    return this.#stored.correlationId ?? this.#stored.id
  }
  get causationId(): string | undefined {
    return this.#stored.causationId
  }
  get contentType(): string {
    return this.#stored.contentType
  }
  get payload(): Payload {
    const { payload } = this.#stored
    return typeof payload === 'string' ? payload : new Uint8Array(payload)
  }
}

function decodingError(stored: StoredMessage, cause: unknown): PluribusError {
  const why = cause instanceof Error ? cause.message : 'the codec has thrown'
  const message = `Message ${stored.id} of ${stored.topic} (${stored.contentType}) cannot be decoded: ${why}`
  return new PluribusError('DECODING', message, { cause })
}
