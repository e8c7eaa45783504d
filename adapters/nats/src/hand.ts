import {
  type Delivery,
  type Discipline,
  type Environment,
  HeldRetries,
  LeaseTimer,
  type Pulled,
  PushBuffer,
  ReorderWindow,
  SUSPECT_AFTER,
  type TimerHandle,
  type Token,
} from '@pluribus/core/driver'
import type { Item } from './item.js'

/** What a hand is made with. */
export interface HandOptions {
  readonly environment: Environment
  readonly discipline: Discipline
  /** How long core has a delivery without renewing it, in milliseconds. */
  readonly lease: number
  /** How long the server waits for a word of a delivery, in milliseconds. */
  readonly wait: number
  /** Somebody waits for what is here now. */
  wake(): void
  /** Tells the server that these are alive. */
  renew(items: readonly Item[]): void
  /** Core has let these go, or the server has: whatever their tokens are used for, they are worth nothing. */
  lost(items: readonly Item[]): void
}

/**
 * Everything that has arrived and is not settled: waiting in its order, waiting for its key, or in core's hands. All of it is kept
 * alive at the server from here, however long core's own leases are.
 */
export class Hand {
  readonly #options: HandOptions
  readonly #buffer: PushBuffer<Item>
  readonly #held = new HeldRetries<Item>()
  readonly #leases: LeaseTimer
  /** By position. */
  readonly #items = new Map<number, Item>()
  #timer: TimerHandle | undefined

  constructor(options: HandOptions) {
    this.#options = options
    this.#buffer = new PushBuffer(new ReorderWindow<Item>(options.discipline), Number.POSITIVE_INFINITY)
    // Core is the first to give up: what it holds is not handed out again while it still counts on it.
    this.#leases = new LeaseTimer(options.environment, options.lease + 1, tokens => this.#lapsed(tokens as Item[]))
  }

  /** Deliveries that core may pull, and how many more it waits for. */
  get waiting(): number {
    return this.#buffer.size
  }

  get wanted(): number {
    return this.#buffer.wanted
  }

  get size(): number {
    return this.#items.size
  }

  at(position: number): Item | undefined {
    return this.#items.get(position)
  }

  all(): readonly Item[] {
    return [...this.#items.values()].sort((a, b) => a.position - b.position)
  }

  /** It is ours from now on, and not to be pulled yet. */
  hold(item: Item): void {
    this.#items.set(item.position, item)
    if (this.#timer === undefined) this.#arm()
  }

  /** It may be pulled, when it is due. To be followed by {@link rouse}. */
  ready(item: Item): void {
    if (item.dueAt <= item.renewedAt || item.dueAt <= this.#now) return this.#buffer.push(item, item.position)
    this.#held.hold(item, item.dueAt)
    // Core sleeps for longer than that.
    if (this.#buffer.due(item.dueAt)) this.#options.wake()
  }

  /** How many wait for their next attempt. */
  get held(): number {
    return this.#held.size
  }

  /** Wakes core where it waits for what is here now. */
  rouse(): void {
    if (this.#buffer.rouse()) this.#options.wake()
  }

  take(most: number): Pulled {
    for (const item of this.#held.release(this.#now)) this.#buffer.push(item, item.position)
    const due = this.#held.nextDue
    const { items, more } = this.#buffer.take(most, due, isSuspect)
    const deliveries = items.map(item => this.#deliver(item))
    this.refresh(items)
    return {
      deliveries,
      ...(due === Number.POSITIVE_INFINITY ? {} : { dueIn: Math.max(0, due - this.#now) }),
      ...(more ? { more } : {}),
    }
  }

  /** Core's delivery; undefined where its lease is lost. */
  claimed(token: Token): Item | undefined {
    const item = token as Item
    return item.isOut && this.#items.get(item.position) === item ? item : undefined
  }

  /** It is being settled: its lease does not end meanwhile. */
  claim(token: Token): Item | undefined {
    const item = this.claimed(token)
    if (item === undefined || item.isSettling) return undefined
    item.isSettling = true
    this.#leases.end(item)
    return item
  }

  /** It could not be settled: core has it as before. */
  unclaim(item: Item): void {
    item.isSettling = false
    if (this.claimed(item) !== undefined) this.#leases.start(item)
  }

  renew(token: Token): Item | undefined {
    const item = this.claimed(token)
    if (item !== undefined) this.#leases.start(item)
    return item
  }

  /** Core counts a lease from now on: the server is not to be the first to give these up. */
  refresh(items: readonly Item[]): void {
    const now = this.#now
    const { wait, lease } = this.#options
    const spare = Math.max(wait - lease, wait / 10)
    const older = items.filter(({ renewedAt }) => now - renewedAt > spare / 2)
    for (const item of older) item.renewedAt = now
    if (older.length > 0) this.#options.renew(older)
  }

  /** Nobody here has it any more. */
  drop(item: Item): void {
    if (item.isOver) return
    item.isOver = true
    if (this.#items.get(item.position) === item) this.#items.delete(item.position)
    if (item.isOut) this.#leases.end(item)
    item.isOut = false
  }

  /** Takes these out of what may be pulled. */
  withdraw(matches: (item: Item) => boolean): void {
    this.#buffer.remove(matches)
    this.#held.remove(matches)
  }

  /** Nothing of this is kept alive any more. */
  stop(): void {
    this.#leases.stop()
    if (this.#timer !== undefined) this.#options.environment.timers.clearTimeout(this.#timer)
    this.#timer = undefined
  }

  /** Forgets everything; answers what it was. */
  clear(): readonly Item[] {
    const items = this.all()
    this.stop()
    this.#items.clear()
    this.withdraw(() => true)
    return items
  }

  get #now(): number {
    return this.#options.environment.clock.monotonic()
  }

  #deliver(item: Item): Delivery {
    const { message, failures, losses, marks } = item
    item.isOut = true
    this.#leases.start(item)
    return { message, token: item, attempt: failures + 1, losses, marks, suspect: isSuspect(item) }
  }

  #lapsed(items: readonly Item[]): void {
    const ours = items.filter(item => this.#items.get(item.position) === item)
    for (const item of ours) this.drop(item)
    if (ours.length > 0) this.#options.lost(ours)
  }

  #arm(): void {
    this.#timer = this.#options.environment.timers.setTimeout(this.#beat, this.#options.wait / 4)
  }

  /** What we have not spoken of for as long as the server waits is others' by now. */
  readonly #beat = (): void => {
    this.#timer = undefined
    const now = this.#now
    const { wait } = this.#options
    const late: Item[] = []
    const alive: Item[] = []
    for (const item of this.#items.values()) {
      const age = now - item.renewedAt
      if (age >= wait) late.push(item)
      else if (age >= wait / 8) alive.push(item)
    }
    for (const item of alive) item.renewedAt = now
    if (alive.length > 0) this.#options.renew(alive)
    this.#expire(late)
    if (this.#items.size > 0) this.#arm()
  }

  #expire(late: readonly Item[]): void {
    if (late.length === 0) return
    const gone = new Set(late)
    this.withdraw(item => gone.has(item))
    for (const item of late) this.drop(item)
    this.#options.lost(late)
  }
}

const isSuspect = ({ losses }: Item): boolean => losses >= SUSPECT_AFTER
