import { type Delivery, NOTHING_PULLED, type Pulled } from '@pluribus/core/driver'
import type { Claimed } from './claimed.js'
import { readMessage } from './codec.js'
import type { RedisToken } from './token.js'

/** What a source keeps of what it was handed over is told to it with these. */
export interface HandedOptions {
  readonly topic: string
  /** Monotonic milliseconds. */
  now(): number
  /** These are not wanted here: they go back. */
  giveBack(deliveries: readonly Delivery[]): void
}

/** As many as the server lets stand at most. */
const MOST_STANDING = 64
const LINE_FEED = 10

/**
 * What the server has handed over, on the demand that a pull has left, and nobody has pulled yet: mostly for as long as it takes to say
 * that there is something. The server counts what it hands over, so that both know what is still on its way:
 *
 * ```text
 *  what the server has handed over, by number
 *  1 ············ seen ············ arrived ············ given ············ until
 *  │ taken, or     │ waiting: here,   │ on its way, on     │ not published    │ the demand
 *  │ given back    │ and not pulled   │ the other socket   │ yet              │ is used up
 * ```
 *
 * A claim tells the server `seen`, and is answered with `given` and `standing`, which is `until - given`. What it has taken stands
 * behind all up to `given`, so that a pull waits for those (`following`), and answers them first (`before`). A hand-over that comes with
 * a later number stays for the next pull.
 */
export class Handed {
  readonly #options: HandedOptions
  /** By the server's clock: when it was handed over. */
  readonly #waiting: { readonly delivery: Delivery; readonly time: number }[] = []
  /** How many have arrived. */
  #arrived = 0
  /** Up to which number the demand lasts that is left at the server. */
  #until = 0
  /** The last claim, from which times are counted. */
  #asked = 0
  #time = 0
  #dueAt: number | undefined
  /** There may be something that is not handed over. */
  #mustAsk = true
  #waiters: { readonly given: number; resolve(): void; reject(error: unknown): void }[] = []

  constructor(options: HandedOptions) {
    this.#options = options
  }

  get size(): number {
    return this.#waiting.length
  }

  /** How many of what was handed over have been taken from here, or given back. */
  get seen(): number {
    return this.#arrived - this.#waiting.length
  }

  /** More may come. */
  get stands(): boolean {
    return this.#until > this.#arrived
  }

  /** What was sent with a hand-over: see HANDING. */
  add(sent: Buffer): void {
    const from = sent.indexOf(LINE_FEED) + 1
    const [given, time, claim, first, ...lengths] = sent.toString('latin1', 0, from - 1).split(' ')
    let at = from
    for (const [index, length] of lengths.entries()) {
      const position = Number(first) + index
      const message = readMessage(this.#options.topic, sent.subarray(at, at + Number(length)), position)
      const token: RedisToken = { position, claim: claim as string }
      const delivery = { message, token, attempt: 1, losses: 0, marks: 0, suspect: false }
      this.#waiting.push({ delivery, time: Number(time) })
      at += Number(length)
    }
    this.#arrived = Number(given)
    const [there, still] = [
      this.#waiters.filter(one => this.#isThere(one)),
      this.#waiters.filter(one => !this.#isThere(one)),
    ]
    this.#waiters = still
    for (const { resolve } of there) resolve()
  }

  /** Somebody says that there may be something: it is not known what. */
  woken(): void {
    this.#mustAsk = true
  }

  /** The server is asked now: whatever it was woken for before, the answer has it. */
  asking(): void {
    this.#mustAsk = false
  }

  /** A claim was answered. `asked`: when, in monotonic milliseconds. */
  claimed(asked: number, { time, standing, given, dueIn }: Claimed): void {
    this.#asked = asked
    this.#time = time
    this.#until = given + standing
    this.#dueAt = dueIn === undefined ? undefined : this.#options.now() + dueIn
  }

  /** The demand is taken back. */
  withdrawn(): void {
    this.#until = this.#arrived
  }

  /** Resolves when everything is here that was handed over before a claim was answered; rejects when nothing more will come. */
  async following(given: number): Promise<void> {
    if (this.#arrived >= given) return
    await new Promise<void>((resolve, reject) => this.#waiters.push({ given, resolve, reject }))
  }

  /** What is here stands before what a claim has brought, if it was handed over before that. */
  before(pulled: Pulled, given: number, max: number): Pulled {
    const { deliveries, since } = this.#take(this.#waiting.length - (this.#arrived - given), max)
    if (since === undefined) return pulled
    return { ...pulled, deliveries: [...deliveries, ...pulled.deliveries], since }
  }

  /** Answers a pull without the server; undefined where nothing is here. */
  pull(max: number): Pulled | undefined {
    const { deliveries, since } = this.#take(this.#waiting.length, max)
    if (since === undefined) return undefined
    const unfilled = max - deliveries.length
    const left = this.#until - this.#arrived
    // Before what stands is used up: the next one is not to wait for that.
    const isScarce = left * 2 < Math.min(unfilled, MOST_STANDING)
    if (unfilled === 0) return { deliveries, since }
    if (this.#mustAsk || isScarce || this.#dueAt === undefined) return { deliveries, since, more: true }
    return { deliveries, since, dueIn: Math.max(0, this.#dueAt - this.#options.now()) }
  }

  /** All of it goes back. */
  giveBack(): void {
    this.#take(this.#waiting.length, 0)
  }

  /** Nothing more will come. What is here is left to its lease, or to who closes the session. */
  end(cause: unknown): void {
    this.#waiting.length = 0
    for (const { reject } of this.#waiters) reject(cause)
    this.#waiters = []
  }

  #isThere({ given }: { readonly given: number }): boolean {
    return this.#arrived >= given
  }

  /** The first `count`, up to `max` of them, and since when the oldest is leased; the others go back. */
  #take(count: number, max: number): { readonly deliveries: readonly Delivery[]; readonly since?: number } {
    const taken = this.#waiting.splice(0, Math.max(0, count))
    const deliveries = taken.map(({ delivery }) => delivery)
    if (deliveries.length > max) this.#options.giveBack(deliveries.splice(max))
    const [first] = taken
    return first === undefined || max === 0 ? NOTHING_PULLED : { deliveries, since: this.#since(first.time) }
  }

  /** No earlier it was handed over: by then the last claim had been asked, and so much later it was by the server's clock. */
  #since(time: number): number {
    return Math.min(this.#options.now(), this.#asked + time - this.#time)
  }
}
