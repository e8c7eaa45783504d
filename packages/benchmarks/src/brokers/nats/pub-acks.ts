import type { Msg, MsgHdrs, NatsConnection } from '@nats-io/transport-node'

/** Milliseconds. */
const PATIENCE = 5_000
/** `{"error":…` where a stored message is answered with `{"stream":…`: its third byte tells them apart. */
const E = 'e'.charCodeAt(0)

/** One message to be sent. */
export interface Outgoing {
  readonly data: Uint8Array
  readonly headers?: MsgHdrs
}

interface Batch {
  readonly reply: string
  readonly until: number
  left: number
  readonly resolve: () => void
  readonly reject: (error: Error) => void
}

/**
 * Publishes to a stream with one inbox for all acknowledgements, and one promise for all of a batch: the client's own way
 * makes a request, a timer and a promise for each message.
 */
export class PubAcks {
  readonly #connection: NatsConnection
  readonly #subject: string
  readonly #inbox: string
  readonly #batches = new Map<string, Batch>()
  #serial = 0
  readonly #watch = setInterval(() => this.#expire(), PATIENCE / 5)

  constructor(connection: NatsConnection, subject: string, inbox: string) {
    this.#connection = connection
    this.#subject = subject
    this.#inbox = inbox
    connection.subscribe(`${inbox}.*`, { callback: (_error, message) => this.#acked(message) })
  }

  /** Resolves when all are stored; rejects where one is not, or where that is not known in time. */
  publish(batch: readonly Outgoing[]): Promise<void> {
    const reply = `${this.#inbox}.${++this.#serial}`
    const plain = { reply }
    return new Promise((resolve, reject) => {
      this.#batches.set(reply, { reply, until: performance.now() + PATIENCE, left: batch.length, resolve, reject })
      for (const { data, headers } of batch) {
        this.#connection.publish(this.#subject, data, headers === undefined ? plain : { reply, headers })
      }
    })
  }

  close(): void {
    clearInterval(this.#watch)
  }

  #acked(message: Msg): void {
    const batch = this.#batches.get(message.subject)
    if (batch === undefined) return
    if (message.data[2] === E || message.data.length === 0) return this.#fail(batch, message.string())
    if (--batch.left > 0) return
    this.#batches.delete(batch.reply)
    batch.resolve()
  }

  #fail(batch: Batch, reason: string): void {
    this.#batches.delete(batch.reply)
    batch.reject(new Error(reason === '' ? 'No stream has this subject.' : reason))
  }

  #expire(): void {
    const now = performance.now()
    for (const batch of this.#batches.values()) {
      if (batch.until > now) return
      this.#fail(batch, `${batch.left} messages were not acknowledged within ${PATIENCE} ms.`)
    }
  }
}
