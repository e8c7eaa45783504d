import type { Msg } from '@nats-io/transport-node'
import type { Headers, Payload, StoredMessage } from '@pluribus/core/driver'
import { decode, numberOf } from './codec.js'
import { contentOf, headerText, isTextual } from './received.js'

/** A message as it has come: its headers are read when somebody asks for what stands in them. */
export class ReceivedMessage implements StoredMessage {
  readonly topic: string
  readonly #received: Msg
  readonly #position: number
  /** When the server stored it, in milliseconds since the epoch. */
  readonly #stored: number
  #header: string | undefined
  #decoded: StoredMessage | undefined

  constructor(received: Msg, topic: string, position: number, stored: number) {
    this.topic = topic
    this.#received = received
    this.#position = position
    this.#stored = stored
  }

  get payload(): Payload {
    return isTextual(this.#received) ? this.#read.payload : contentOf(this.#received)
  }
  get id(): string {
    return this.#read.id
  }
  get contentType(): string {
    return this.#read.contentType
  }
  get key(): string | undefined {
    return this.#read.key
  }
  get priority(): number {
    return this.#read.priority
  }
  get headers(): Headers {
    return this.#read.headers
  }
  get time(): number {
    return this.#read.time
  }
  get source(): string {
    return this.#read.source
  }
  get version(): number {
    return this.#read.version
  }
  get correlationId(): string | undefined {
    return this.#read.correlationId
  }
  get causationId(): string | undefined {
    return this.#read.causationId
  }

  /** Where it stood before it was due; undefined where it never had to wait. */
  get origin(): number | undefined {
    return numberOf(this.#text, 'pluribus-origin')
  }

  get #text(): string {
    this.#header ??= headerText(this.#received)
    return this.#header
  }

  get #read(): StoredMessage {
    if (this.#decoded !== undefined) return this.#decoded
    const found = { topic: this.topic, position: this.#position, time: this.#stored }
    this.#decoded = decode(this.#text, contentOf(this.#received), found)
    return this.#decoded
  }
}
