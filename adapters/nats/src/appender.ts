import { createInbox, type Msg, type NatsConnection } from '@nats-io/transport-node'
import { RefusedError } from './errors.js'
import type { Entry, Outlet } from './outlet.js'
import { numberAtEnd } from './received.js'

/** What became of an entry that was not simply stored. */
export interface Unstored {
  readonly index: number
  /** Absent: it is there already. */
  readonly error?: RefusedError
}

/** What became of a batch. */
export interface Appended {
  /** In no particular order. */
  readonly unstored: readonly Unstored[]
  /** By entry, where it was asked for; 0 for one that was refused. */
  readonly positions: readonly number[]
}

const NOTHING: readonly never[] = Object.freeze([])

interface Batch {
  left: number
  unstored: Unstored[]
  positions: number[] | undefined
  resolve(appended: Appended): void
  reject(error: Error): void
}

/**
 * Stores messages, many at a time, and counts the acknowledgements on one inbox of its own: a promise for each batch, none
 * for each message.
 */
export class Appender {
  readonly #outlet: Outlet
  readonly #inbox = createInbox()
  readonly #batches = new Map<number, Batch>()
  #count = 0
  #over: Error | undefined

  constructor(nats: NatsConnection, outlet: Outlet) {
    this.#outlet = outlet
    nats.subscribe(`${this.#inbox}.>`, {
      callback: (error, reply) => (error === null ? this.#answered(reply) : undefined),
    })
  }

  /** Rejects where it is not known what became of them: the connection has ended. */
  append(entries: readonly Entry[], isPlaced = false): Promise<Appended> {
    if (this.#over !== undefined) return Promise.reject(this.#over)
    if (entries.length === 0) return Promise.resolve({ unstored: NOTHING, positions: NOTHING })
    const number = ++this.#count
    return new Promise((resolve, reject) => {
      const positions = isPlaced ? new Array<number>(entries.length).fill(0) : undefined
      this.#batches.set(number, { left: entries.length, unstored: [], positions, resolve, reject })
      this.#send(number, entries)
    })
  }

  /** Nothing is answered any more. */
  end(error: Error): void {
    this.#over = error
    for (const batch of this.#batches.values()) batch.reject(error)
    this.#batches.clear()
  }

  #send(number: number, entries: readonly Entry[]): void {
    this.#outlet.store(entries, `${this.#inbox}.${number}.`, (index, why) =>
      this.#settle(number, index, { index, error: new RefusedError(UNSENT, why) }, 0),
    )
  }

  #answered(reply: Msg): void {
    const { data } = reply
    const number = numberAtEnd(reply, 1)
    const index = numberAtEnd(reply)
    const batch = this.#batches.get(number)
    if (batch === undefined) return
    if (isPlain(data) && batch.positions === undefined) this.#settle(number, index, undefined, 0)
    else this.#read(number, index, data)
  }

  #read(number: number, index: number, data: Uint8Array): void {
    const { error, duplicate, seq = 0 } = answerOf(data)
    if (error !== undefined)
      this.#settle(number, index, { index, error: new RefusedError(error.err_code ?? 0, error.description) }, 0)
    else this.#settle(number, index, duplicate === true ? { index } : undefined, seq)
  }

  #settle(number: number, index: number, unstored: Unstored | undefined, position: number): void {
    const batch = this.#batches.get(number)
    if (batch === undefined) return
    if (unstored !== undefined) batch.unstored.push(unstored)
    if (batch.positions !== undefined) batch.positions[index] = position
    if (--batch.left > 0) return
    this.#batches.delete(number)
    batch.resolve({
      unstored: batch.unstored.length === 0 ? NOTHING : batch.unstored,
      positions: batch.positions ?? NOTHING,
    })
  }
}

/** It was too large to be sent. */
const UNSENT = 10_054

interface Answer {
  readonly error?: { readonly err_code?: number; readonly description: string }
  readonly duplicate?: boolean
  readonly seq?: number
}

/** An empty answer is the server's word that nobody stores what has this subject. */
const answerOf = (data: Uint8Array): Answer =>
  data.length === 0
    ? { error: { description: 'No stream takes this subject.' } }
    : JSON.parse(Buffer.from(data).toString())

/** `{"stream":"…", "seq":7}` and nothing more: neither an error nor a duplicate. */
function isPlain(data: Uint8Array): boolean {
  const last = data[data.length - 2] ?? 0
  return data[2] === LETTER_S && last >= DIGIT_0 && last <= DIGIT_9
}

const LETTER_S = 115
const DIGIT_0 = 48
const DIGIT_9 = 57
