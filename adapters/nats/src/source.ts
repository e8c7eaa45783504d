import type { Msg } from '@nats-io/transport-node'
import {
  Alarm,
  type Delivery,
  NO_EXCEPTIONS,
  NOTHING_PULLED,
  type Pulled,
  replaced,
  type Settled,
  type SettleException,
  type Source,
  SUSPECT_AFTER,
  stale,
  type Token,
} from '@pluribus/core/driver'
import { Arrivals } from './arrivals.js'
import { closed, deletedConsumer, subscriptionNotFound } from './errors.js'
import { Feed } from './feed.js'
import { Hand } from './hand.js'
import type { Item } from './item.js'
import { KeyOrder } from './key-order.js'
import { Lapsed } from './lapsed.js'
import { Renewals } from './renewals.js'
import { marked, Runs } from './runs.js'
import { Settling } from './settling.js'
import type { SourceInit } from './source-init.js'
import type { Heir, Predecessor } from './succession.js'
import { Surplus, secondThoughts } from './surplus.js'

/** Messages among which the most urgent is chosen. */
const WINDOW = 256

/** One consumer: what it has asked the server for, and everything that it has in hand. */
export class NatsSource implements Source, Predecessor {
  readonly #init: SourceInit
  readonly #hand: Hand
  readonly #renewals: Renewals
  readonly #keys: KeyOrder
  readonly #runs: Runs
  readonly #settling: Settling
  readonly #feed: Feed
  readonly #arrivals: Arrivals
  /** So many are fetched beyond what is wanted, to choose from. */
  readonly #ahead: number
  readonly #lapsed = new Lapsed()
  readonly #surplus: Surplus
  readonly #sweeping: Alarm
  /** Set while something waits here that core does not pull, or may not. */
  readonly #nap: Alarm
  #heir: Heir | undefined
  /** What came last were suspects. */
  #isCautious = false
  #isReplaced = false
  #isOver = false
  #isLooking = false
  #isPulling = false
  #transferred = 0

  constructor(init: SourceInit) {
    const { link, declared, wait } = init
    const { spec: subscription, start } = declared
    const { environment } = link
    this.#init = init
    this.#ahead = subscription.discipline.kind === 'priority' ? WINDOW : 0
    this.#runs = new Runs(link, subscription)
    this.#sweeping = new Alarm(environment.timers, () => this.#sweep())
    this.#nap = new Alarm(environment.timers, () => this.#giveUp())
    this.#renewals = new Renewals({ link, lease: init.options.lease, wait })
    this.#hand = this.#handOf(init)
    this.#keys = new KeyOrder({
      link,
      subscription,
      start,
      patience: wait / 3,
      ready: item => this.#ready(item),
      handled: item => this.#settling.acknowledge(item),
    })
    this.#settling = new Settling({
      link,
      subscription,
      hand: this.#hand,
      renewals: this.#renewals,
      keys: this.#keys,
      runs: this.#runs,
      wait,
      released: () => this.#released(),
    })
    this.#arrivals = new Arrivals({
      link,
      declared,
      runs: this.#runs,
      hand: this.#hand,
      lapsed: this.#lapsed,
      known: init.known,
      admit: items => this.#admit(items),
    })
    this.#feed = this.#feedOf(init)
    this.#surplus = new Surplus({
      feed: this.#feed,
      arrivals: this.#arrivals,
      hand: this.#hand,
      settling: this.#settling,
    })
  }

  #handOf({ link, declared, options, wait }: SourceInit): Hand {
    return new Hand({
      environment: link.environment,
      discipline: declared.spec.discipline,
      lease: options.lease,
      wait,
      renewals: this.#renewals,
      wake: () => this.#wake(),
      ended: item => this.#letGo(item),
      lost: items => this.#lost(items),
    })
  }

  #feedOf({ link, declared: { spec }, wait }: SourceInit): Feed {
    return new Feed(link, {
      stream: link.names.stream(spec.topic),
      consumer: spec.name,
      // What a process has asked for that dies is over before what it held is handed out again.
      patience: Math.ceil(wait / 4),
      arrived: (message, since) => this.#arrived(message, since),
      gone: () => this.#gone(),
    })
  }

  get server(): string {
    return this.#init.link.server
  }

  get transferred(): number {
    return this.#transferred
  }

  /** Takes over what the source before held. */
  async open(before: Predecessor | undefined): Promise<void> {
    const { link } = this.#init
    this.#keys.listen()
    this.#sweeping.set(this.#init.wait / 3)
    if (before === undefined) return
    // A server that has been started again may have forgotten any of its latest deliveries, and says so of none.
    const isKnown = before.server === link.server
    const items = await before.surrender((message, since) => isKnown && this.#arrived(message, since))
    this.#check('open')
    for (const held of items) {
      if (isKnown && !this.#renewals.isOver(held)) this.#takeOver(held)
      else this.#letGo(held)
    }
  }

  async pull(max: number): Promise<Pulled> {
    this.#check('pull')
    this.#nap.clear()
    if (max === 0) {
      this.#feed.want(0)
      this.#nap.set(secondThoughts(this.#init.wait))
      return NOTHING_PULLED
    }
    this.#isPulling = true
    try {
      return await this.#pull(max)
    } finally {
      this.#isPulling = false
      this.#mind()
    }
  }

  async #pull(max: number): Promise<Pulled> {
    const since = this.#init.link.environment.clock.monotonic()
    await this.#surplus.settled()
    if (this.#hand.waiting === 0 && !this.#feed.isStanding) await this.#fetch(max)
    this.#check('pull')
    const pulled = this.#hand.take(max)
    this.#ask()
    // Whoever stood still for a while does not know what the server has given up since.
    const late = await this.#hand.keep(pulled.deliveries, since)
    if (late.length > 0) this.#init.events.lost(late)
    this.#check('pull')
    const deliveries = pulled.deliveries.filter(({ token }) => this.#hand.claimed(token) !== undefined)
    return deliveries.length === pulled.deliveries.length ? pulled : { ...pulled, deliveries, more: true }
  }

  async mark(delivery: Delivery): Promise<void> {
    this.#check('mark')
    const item = this.#hand.claimed(delivery.token)
    if (item === undefined) throw stale()
    const { link } = this.#init
    const { positions, unstored } = await link.appender.append([this.#runs.entry(item.position, marked(item))], true)
    const refused = unstored[0]?.error
    if (refused !== undefined) throw refused
    item.record = positions[0] ?? 0
    item.isMarked = true
    if (this.#hand.claimed(delivery.token) === undefined) throw stale()
  }

  async settle(settled: Settled): Promise<readonly SettleException[]> {
    this.#check('settle')
    return this.#settling.settle(settled)
  }

  async renew(batch: readonly Delivery[]): Promise<readonly Token[]> {
    this.#check('renew')
    const lost = await this.#hand.renew(batch, this.#init.link.environment.clock.monotonic())
    return lost.length === 0 ? NO_EXCEPTIONS : lost
  }

  /** What is on its way arrives before it is given back, with everything else. */
  async close(): Promise<void> {
    if (this.#isOver) return
    const { link } = this.#init
    this.#isOver = true
    this.#nap.clear()
    this.#init.over()
    if (link.over !== undefined) {
      this.#hand.stop()
      return this.#stop()
    }
    await this.#feed.end()
    await this.#arrivals.settled()
    const items = this.#hand.clear().filter(({ isSettling }) => !isSettling)
    this.#stop()
    await this.#settling.release(items)
  }

  /** The connection is over. What is held is for the next source of this consumer. */
  abandon(): void {
    this.#isOver = true
    this.#feed.abandon()
    this.#hand.stop()
    this.#stop()
  }

  async surrender(heir: Heir): Promise<readonly Item[]> {
    this.#isReplaced = true
    this.#heir = heir
    this.#arrivals.surrender(heir)
    const items = this.#hand.clear()
    if (!this.#isOver) {
      this.#isOver = true
      this.#init.over()
      this.#stop()
      await this.#feed.quit()
    }
    return items
  }

  #check(what: string): void {
    this.#init.link.check(what)
    if (this.#isReplaced) throw replaced(what)
    if (this.#isOver) throw closed(what)
  }

  /** As much as core waits for, and what there has to be to choose from. */
  #ask(): void {
    const { wanted, waiting } = this.#hand
    const missing = wanted + this.#ahead - waiting
    if (missing > 0) this.#feed.want(this.#isCautious ? 1 : missing)
  }

  async #fetch(max: number): Promise<void> {
    await this.#feed.fetch(this.#isCautious ? 1 : max + this.#ahead)
    await this.#arrivals.settled()
    await this.#keys.settled()
    await this.#surplus.settled()
  }

  #wake(): void {
    const { events, wait } = this.#init
    if (!this.#isPulling) this.#nap.set(wait / 4)
    events.wake()
  }

  /** Tells core of what has come; what it does not want is others'. */
  #rouse(): void {
    // What was passed over had been asked for, and others are still wanted.
    if (!this.#hand.rouse()) this.#ask()
    this.#mind()
  }

  #mind(): void {
    if (!this.#isPulling && !this.#nap.isSet && this.#ahead === 0 && this.#hand.waiting > 0)
      this.#nap.set(secondThoughts(this.#init.wait))
  }

  /** Whoever wants nothing, or does not answer, keeps nothing from the others. */
  #giveUp(): void {
    if (this.#hand.wanted > 0) return
    this.#surplus.giveBack(0).catch(this.#failed)
  }

  /** What is still here comes again when the server's patience ends. */
  readonly #failed = (error: unknown): void => {
    this.#init.link.environment.logger.debug({ error }, 'What nobody has pulled could not be given back just now.')
  }

  /** Core has given back: here it is had again first, and by others unless somebody here pulls it soon. */
  #released(): void {
    if (!this.#isOver) this.#rouse()
  }

  #arrived(message: Msg, since: number): void {
    if (this.#heir !== undefined) this.#heir(message, since)
    else this.#arrivals.add(message, since)
  }

  /**
   * These have come together. Where suspects are among them, they are to be lost alone: nothing else stays in hand while one of them
   * runs, and from here on they are fetched one by one, until something comes that is none.
   */
  #admit(items: readonly Item[]): void {
    for (const item of items) this.#enter(item)
    if (items.length > 0) this.#isCautious = items.some(({ losses }) => losses >= SUSPECT_AFTER)
    if (!this.#isCautious || items.length <= 1 || this.#isOver) return this.#rouse()
    const rouse = () => this.#rouse()
    this.#surplus.giveBack(1).catch(this.#failed).then(rouse)
  }

  #enter(item: Item): void {
    const before = this.#hand.at(item.position)
    // Handed out twice at once: see the feed's sweep.
    if (before !== undefined && before.count >= item.count) return
    if (before !== undefined) this.#supersede(before)
    this.#hand.hold(item)
    if (item.key === undefined) this.#hand.ready(item)
    else this.#keys.enter(item)
  }

  /** The server has handed it out again while we held it: what we had is worth nothing. */
  #supersede(before: Item): void {
    const wasOut = before.isOut
    this.#hand.withdraw(item => item === before)
    this.#hand.drop(before)
    if (before.key !== undefined) this.#keys.leave(before)
    if (wasOut) this.#init.events.lost([before])
  }

  #ready(item: Item): void {
    this.#hand.ready(item)
    this.#rouse()
  }

  #takeOver(held: Item): void {
    const item = { ...held, isOut: false, isSettling: false, isOver: false }
    const isDue = held.dueAt <= this.#init.link.environment.clock.monotonic()
    this.#hand.hold(item)
    // A retry that was held has been handed out before, too.
    const wasFirst = held.isOut || !isDue
    if (item.key !== undefined && !wasFirst) return this.#keys.enter(item)
    if (item.key !== undefined) this.#keys.adopt(item)
    this.#hand.ready(item)
    if (isDue) this.#transferred++
  }

  /** Core has let these go, or we were not heard of for too long: they are anybody's. */
  #lost(items: readonly Item[]): void {
    this.#init.events.lost(items)
    this.#renewals.free(items).catch(this.#failed)
  }

  /** It has ended here without a word. */
  #letGo(item: Item): void {
    this.#lapsed.add(item)
    if (item.key !== undefined) this.#keys.leave(item)
  }

  /** Removed, or deleted by others: in the latter case the next source makes it anew. */
  #gone(): void {
    if (this.#isOver || this.#isLooking) return
    this.#isLooking = true
    const { isDeclared, declared } = this.#init
    isDeclared().then(
      isThere => this.#ended(isThere ? deletedConsumer(declared.spec) : subscriptionNotFound(declared.spec)),
      (error: unknown) => this.#ended(error),
    )
  }

  #ended(cause: unknown): void {
    if (this.#isOver) return
    this.#isOver = true
    this.#hand.clear()
    this.#stop()
    this.#init.over()
    this.#init.events.ended(cause)
  }

  /** Well before what a process held that has died is handed out again. */
  #sweep(): void {
    this.#sweeping.set(this.#init.wait / 3)
    this.#feed.sweep().catch(this.#failed)
  }

  #stop(): void {
    this.#nap.clear()
    this.#sweeping.clear()
    this.#keys.stop()
    this.#arrivals.stop()
  }
}
