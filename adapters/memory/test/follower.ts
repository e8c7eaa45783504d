import type { Connection, Delivery, Source } from '@pluribus/core/driver'
import { type Bench, failure, LEASE, type spec } from './kit.js'

/**
 * A consumer that does only what the contract promises: it pulls when it is woken, when `dueIn` has passed, when it is
 * told that there is more, and when it was filled and has room again. If a wake-up is missing, it stops for ever.
 */
export class Follower {
  readonly held: Delivery[] = []
  pullAt = 0
  readonly #bench: Bench
  readonly #room: number
  #source: Source | undefined
  #connection: Connection | undefined
  #generation = 0
  #full = false

  constructor(setup: Bench, room: number) {
    this.#bench = setup
    this.#room = room
  }

  get isOpen(): boolean {
    return this.#source !== undefined
  }

  /** Anew where it is open: its connection has broken without a word, and nothing more is heard of it. */
  async open(subscription: ReturnType<typeof spec>, instance: string): Promise<void> {
    const connection = await this.#bench.connect(instance)
    const generation = ++this.#generation
    this.#connection = connection
    this.held.length = 0
    const wake = () => {
      if (generation === this.#generation) this.pullAt = 0
    }
    const events = { wake, lost() {}, ended() {} }
    this.pullAt = 0
    this.#full = false
    const options = { window: this.#room, lease: LEASE, consumer: { id: 1, generation } }
    this.#source = await connection.subscriber.open(subscription, options, events)
  }

  /** Runs no suspect, and has room. */
  get isFree(): boolean {
    return this.isOpen && this.held.length < this.#room && !this.held.some(delivery => delivery.suspect)
  }

  get wantsToPull(): boolean {
    return this.isFree && (this.#full || this.pullAt <= this.#bench.clock.monotonic())
  }

  async pull(): Promise<void> {
    if (!this.wantsToPull || this.#source === undefined) return
    const room = this.#room - this.held.length
    this.pullAt = Number.POSITIVE_INFINITY
    const { deliveries, dueIn, more } = await this.#source.pull(room)
    this.held.push(...deliveries)
    this.#full = deliveries.length === room || more === true
    if (dueIn !== undefined) this.pullAt = Math.min(this.pullAt, this.#bench.clock.monotonic() + dueIn)
  }

  async settle(how: 'ack' | 'retry' | 'release' | 'reject', delay: number): Promise<string | undefined> {
    const delivery = this.held.shift()
    if (delivery === undefined || this.#source === undefined) return undefined
    const { token, attempt } = delivery
    const others = {
      reject: { kind: 'reject', token, reason: 'TEST', attempts: attempt, errors: [] },
      release: { kind: 'release', token },
    } as const
    const retry = { kind: 'retry', token, delay, error: failure(attempt) } as const
    const settled =
      how === 'ack' ? { acks: [token], others: [] } : { acks: [], others: [how === 'retry' ? retry : others[how]] }
    const [stale] = await this.#source.settle(settled)
    return stale === undefined && how === 'ack' ? delivery.message.id : undefined
  }

  /** Loses what it holds without a word, as a process does that hangs. */
  forget(): void {
    this.held.length = 0
    this.#full = this.isOpen
  }

  /** Its connection ends, and it has not given anything back. */
  async lose(): Promise<void> {
    this.held.length = 0
    this.#source = undefined
    await this.#connection?.close()
  }

  async close(): Promise<void> {
    this.held.length = 0
    await this.#source?.close()
    this.#source = undefined
  }
}
