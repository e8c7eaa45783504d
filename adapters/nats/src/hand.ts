import {
  type Delivery,
  type Discipline,
  type Environment,
  HeldRetries,
  type Pulled,
  PushBuffer,
  ReorderWindow,
  SUSPECT_AFTER,
  type TimerHandle,
  type Token,
} from '@pluribus/core/driver'
import type { Item } from './item.js'
import { Leases } from './leases.js'
import type { Renewals } from './renewals.js'

/** What a hand is made with. */
export interface HandOptions {
  readonly environment: Environment
  readonly discipline: Discipline
  /** How long core has a delivery without renewing it, in milliseconds. */
  readonly lease: number
  /** How long the server waits for a word of a delivery, in milliseconds. */
  readonly wait: number
  readonly renewals: Renewals
  /** Somebody waits for what is here now. */
  wake(): void
  /** It has ended here, and nobody has said so to the server. */
  ended(item: Item): void
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
  readonly #leases: Leases
  /** By position. */
  readonly #items = new Map<number, Item>()
  #timer: TimerHandle | undefined
  #isRenewing = false

  constructor(options: HandOptions) {
    this.#options = options
    this.#buffer = new PushBuffer(new ReorderWindow<Item>(options.discipline), Number.POSITIVE_INFINITY)
    // Core is the first to give up: what it holds is not handed out again while it still counts on it.
    this.#leases = new Leases({
      environment: options.environment,
      lease: options.lease + 1,
      held: () => this.#items.values(),
      expired: items => this.#lapsed(items),
    })
  }

  /** Deliveries that core may pull, and how many more it waits for. */
  get waiting(): number {
    return this.#buffer.size
  }

  get wanted(): number {
    return this.#buffer.wanted
  }

  at(position: number): Item | undefined {
    return this.#items.get(position)
  }

  /** Whether we hold the `count`th delivery of a message. */
  holds(position: number, count: number): boolean {
    return this.#items.get(position)?.count === count
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
    if (item.isOver) return
    if (item.dueAt <= item.renewedAt || item.dueAt <= this.#now) return this.#buffer.push(item, item.position)
    this.#held.hold(item, item.dueAt)
    // Core sleeps for longer than that.
    if (this.#buffer.due(item.dueAt)) this.#options.wake()
  }

  /** How many wait for their next attempt. */
  get held(): number {
    return this.#held.size
  }

  /** Wakes core where it waits for what is here now; answers whether it did. */
  rouse(): boolean {
    const isWaitedFor = this.#buffer.rouse()
    if (isWaitedFor) this.#options.wake()
    return isWaitedFor
  }

  take(most: number): Pulled {
    for (const item of this.#held.release(this.#now)) this.#buffer.push(item, item.position)
    const due = this.#held.nextDue
    const { items, more } = this.#buffer.take(most, due, isSuspect)
    const now = this.#now
    const deliveries = items.map(item => this.#deliver(item, now))
    return {
      deliveries,
      ...(due === Number.POSITIVE_INFINITY ? {} : { dueIn: Math.max(0, due - this.#now) }),
      ...(more ? { more } : {}),
    }
  }

  /** Core's delivery; undefined where its lease is lost by then, monotonic milliseconds. */
  claimed(token: Token, now = this.#now): Item | undefined {
    const item = token as Item
    const isOurs = item.isOut && this.#items.get(item.position) === item && !this.#options.renewals.isOver(item, now)
    return isOurs ? item : undefined
  }

  /** It is being settled: its lease does not end meanwhile. */
  claim(token: Token, now = this.#now): Item | undefined {
    const item = this.claimed(token, now)
    if (item === undefined || item.isSettling) return undefined
    item.isSettling = true
    this.#leases.end(item)
    return item
  }

  /** It could not be settled: core has it as before. */
  unclaim(item: Item): void {
    const now = this.#now
    item.isSettling = false
    if (this.claimed(item, now) !== undefined) this.#leases.start(item, now)
  }

  /** Core counts another lease from then on, monotonic milliseconds; answers what is lost. */
  async renew(batch: readonly Delivery[], since: number): Promise<readonly Token[]> {
    const late = new Set<Token>(await this.keep(batch, since))
    return batch.flatMap(({ token }) => (late.has(token) || !this.#isRenewed(token as Item) ? [token] : []))
  }

  /**
   * Core counts a lease from then on, monotonic milliseconds: the server is not to be the first to give these up. Answers those that it may
   * have given up already; nobody here has them any more.
   */
  async keep(deliveries: readonly Delivery[], since: number): Promise<readonly Item[]> {
    const { renewals } = this.#options
    const items = deliveries.map(({ token }) => token as Item).filter(({ isOver }) => !isOver)
    const short = renewals.endingWithin(items, since)
    if (short.length === 0) return short
    const late = this.expire(short)
    await renewals.renew(short.filter(({ isOver }) => !isOver))
    return [...late, ...this.expire(short)]
  }

  /** Those of them that the server may have given up; nobody here has them any more. */
  expire(items: readonly Item[]): readonly Item[] {
    const late = items.filter(item => !item.isOver && this.#options.renewals.isOver(item))
    const gone = new Set(late)
    if (late.length > 0) this.withdraw(item => gone.has(item))
    for (const item of late) this.#end(item)
    return late
  }

  /** Nobody here has it any more. */
  drop(item: Item): void {
    if (item.isOver) return
    item.isOver = true
    if (this.#items.get(item.position) === item) this.#items.delete(item.position)
    if (item.isOut) this.#leases.end(item)
    item.isOut = false
  }

  /** Takes these out of what may be pulled, now or when it is due; answers which. */
  withdraw(matches: (item: Item) => boolean): readonly Item[] {
    return [...this.#buffer.remove(matches), ...this.#held.remove(matches)]
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

  #deliver(item: Item, now: number): Delivery {
    const { message, failures, losses, marks } = item
    item.isOut = true
    this.#leases.start(item, now)
    return { message, token: item, attempt: failures + 1, losses, marks, suspect: isSuspect(item) }
  }

  /** What is being settled is not lost by that. */
  #isRenewed(item: Item): boolean {
    if (item.isSettling) return true
    const now = this.#now
    const isOurs = this.claimed(item, now) !== undefined
    if (isOurs) this.#leases.start(item, now)
    return isOurs
  }

  #end(item: Item): void {
    this.drop(item)
    this.#options.ended(item)
  }

  #lapsed(items: readonly Item[]): void {
    const ours = items.filter(item => this.#items.get(item.position) === item)
    for (const item of ours) this.#end(item)
    if (ours.length > 0) this.#options.lost(ours)
  }

  #arm(): void {
    this.#timer = this.#options.environment.timers.setTimeout(this.#beat, this.#options.wait / 4)
  }

  /** What the server has not heard of for as long as it waits is others' by now. */
  readonly #beat = (): void => {
    this.#timer = undefined
    const late = this.expire([...this.#items.values()])
    this.#renew()
    if (late.length > 0) this.#options.lost(late)
    if (this.#items.size > 0) this.#arm()
  }

  /** One call at a time: where the server does not answer, another one helps nobody. */
  #renew(): void {
    const { renewals, environment } = this.#options
    const ageing = renewals.ageing([...this.#items.values()])
    if (this.#isRenewing || ageing.length === 0) return
    this.#isRenewing = true
    renewals
      .renew(ageing)
      .catch((error: unknown) => environment.logger.debug({ error }, 'What is held could not be renewed just now.'))
      .finally(() => {
        this.#isRenewing = false
      })
  }
}

const isSuspect = ({ losses }: Item): boolean => losses >= SUSPECT_AFTER
