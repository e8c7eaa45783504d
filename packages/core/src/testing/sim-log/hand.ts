import type { Discipline } from '../../driver/discipline.js'
import type { Environment } from '../../driver/environment.js'
import { HeldRetries } from '../../driver/log/held-retries.js'
import { LeaseTimer } from '../../driver/log/lease-timer.js'
import { PushBuffer } from '../../driver/log/push-buffer.js'
import { ReorderWindow } from '../../driver/log/reorder-window.js'
import { type Delivery, type Pulled, SUSPECT_AFTER, type Token } from '../../driver/subscriber.js'
import type { Item } from './item.js'
import type { OwnedPartition } from './owned-partition.js'

/** What a hand is made with. */
export interface HandOptions {
  readonly environment: Environment
  readonly discipline: Discipline
  /** Items that may wait before the server is told to pause. */
  readonly capacity: number
  /** Milliseconds. */
  readonly lease: number
  /** Somebody waits for what is here now. */
  wake(): void
  /** These leases have ended. */
  lost(tokens: readonly Token[]): void
}

/**
 * Everything that has been read and is not settled, in one place: waiting in its order, parked behind its key, held until it
 * is due, or in core's hands under a token.
 */
export class Hand {
  readonly #options: HandOptions
  readonly #buffer: PushBuffer<Item>
  readonly #held = new HeldRetries<Item>()
  readonly #leases: LeaseTimer
  readonly #out = new Map<Token, Item>()
  #tokens = 0

  constructor(options: HandOptions) {
    this.#options = options
    this.#buffer = new PushBuffer(new ReorderWindow<Item>(options.discipline), options.capacity)
    // Core is the first to give up: what it holds is not handed out again while it still counts on it.
    this.#leases = new LeaseTimer(options.environment, options.lease + 1, tokens => this.#expired(tokens))
  }

  /** Deliveries that core has. */
  get size(): number {
    return this.#out.size
  }

  /** Enough waits: the server is to pause. Asked after everything that changes it. */
  readonly flow = (): 'pause' | 'resume' | undefined => this.#buffer.flow()

  /** Something has been read; `delay`: milliseconds until it is due. */
  arrive(item: Item, delay: number): void {
    const { key } = item.message
    if (delay > 0) this.hold(item, delay)
    else if (key === undefined || item.partition.gate.enter(key, item)) this.putBack(item)
  }

  /** Wakes core where it waits for what is here now. To be called after whatever has added something. */
  rouse(): void {
    if (this.#buffer.rouse()) this.#options.wake()
  }

  /** Waits for core again, or for the first time, at its place. */
  putBack(item: Item): void {
    if (item.partition.phase !== 'active') item.partition.waiting.push(item)
    else this.#buffer.push(item, item.place)
  }

  /** Comes back after a delay, in milliseconds. */
  hold(item: Item, delay: number): void {
    const due = this.#now + delay
    this.#held.hold(item, due)
    if (this.#buffer.due(due)) this.#options.wake()
  }

  take(most: number): Pulled {
    for (const item of this.#held.release(this.#now)) this.putBack(item)
    const due = this.#held.nextDue
    const { items, more } = this.#buffer.take(most, due, item => lossesOf(item).losses >= SUSPECT_AFTER)
    const deliveries = items.map(item => this.#deliver(item))
    return {
      deliveries,
      ...(due === Number.POSITIVE_INFINITY ? {} : { dueIn: due - this.#now }),
      ...(more ? { more } : {}),
    }
  }

  get(token: Token): Item | undefined {
    return this.#out.get(token)
  }

  /** It is being settled: its lease does not end meanwhile. */
  claim(token: Token): Item | undefined {
    this.#leases.end(token)
    return this.#out.get(token)
  }

  /** It could not be settled: core has it as before. */
  unclaim(token: Token): void {
    if (this.#out.has(token)) this.#leases.start(token)
  }

  /** Core has it no more; false where it was taken away before. */
  drop(token: Token): boolean {
    this.#leases.end(token)
    return this.#out.delete(token)
  }

  /** Settled for good: the next of its key goes. */
  leave({ partition, message: { key } }: Item): void {
    if (key === undefined) return
    const next = partition.gate.leave(key)
    if (next !== undefined) this.putBack(next)
  }

  /** False where its lease has ended. */
  renew(token: Token): boolean {
    this.#leases.renew(token)
    return this.#out.has(token)
  }

  /** Nothing of this partition is handed out until it is active again. */
  suspend(partition: OwnedPartition<Item>): void {
    partition.waiting.push(...this.#buffer.remove(item => item.partition === partition))
  }

  /** It is active. */
  resume(partition: OwnedPartition<Item>): void {
    for (const item of partition.waiting.splice(0)) this.putBack(item)
  }

  /** These have gone to others; answers the tokens that are worth nothing any more. */
  forget(partitions: ReadonlySet<OwnedPartition<Item>>): readonly Token[] {
    const isGone = (item: Item) => partitions.has(item.partition)
    this.#buffer.remove(isGone)
    this.#held.remove(isGone)
    const gone = [...this.#out].filter(([, item]) => isGone(item)).map(([token]) => token)
    for (const token of gone) this.drop(token)
    // Nothing of them is stored or handed out any more, whoever still holds one.
    for (const partition of partitions) partition.phase = 'leaving'
    return gone
  }

  stop(): void {
    this.#leases.stop()
    this.#out.clear()
  }

  get #now(): number {
    return this.#options.environment.clock.monotonic()
  }

  #deliver(item: Item): Delivery {
    const token = ++this.#tokens
    const { losses, marks } = lossesOf(item)
    this.#out.set(token, item)
    this.#leases.start(token)
    const { message, failures } = item
    return { message, token, attempt: failures + 1, losses, marks, suspect: losses >= SUSPECT_AFTER }
  }

  /** Core has let these go: they are still ours, and wait at their places again. */
  #expired(tokens: readonly Token[]): void {
    const items = tokens.map(token => this.#out.get(token)).filter(item => item !== undefined)
    for (const token of tokens) this.#out.delete(token)
    this.#options.lost(tokens)
    for (const item of items) this.putBack({ ...item, isCopied: false })
    this.rouse()
  }
}

const lossesOf = ({ lane, position, ordinal }: Item) => lane.ledger.lossesOf(position, ordinal)
