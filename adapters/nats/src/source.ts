import {
  type Delivery,
  NO_EXCEPTIONS,
  NOTHING_PULLED,
  type Pulled,
  replaced,
  type Settled,
  type SettleException,
  type Source,
  stale,
  type Token,
} from '@pluribus/core/driver'
import { closed, deletedConsumer, subscriptionNotFound } from './errors.js'
import { Holding } from './holding.js'
import type { Item } from './item.js'
import { marked } from './runs.js'
import type { SourceInit } from './source-init.js'
import type { Heir, Predecessor } from './succession.js'
import { Supply } from './supply.js'

/** One consumer: what the server supplies it with, and everything that it holds. */
export class NatsSource implements Source, Predecessor {
  readonly #init: SourceInit
  readonly #holding: Holding
  readonly #supply: Supply
  #isReplaced = false
  #isOver = false
  #isLooking = false
  #transferred = 0

  constructor(init: SourceInit) {
    const { events, link } = init
    const failed = (error: unknown) =>
      link.environment.logger.debug({ error }, 'What nobody has pulled could not be given back just now.')
    this.#init = init
    this.#holding = new Holding(init, {
      wake: () => this.#supply.wake(),
      lost: tokens => events.lost(tokens),
      ready: () => this.#ready(),
      failed,
    })
    this.#supply = new Supply(init, this.#holding, { wake: () => events.wake(), gone: () => this.#gone(), failed })
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
    this.#holding.keys.listen()
    this.#supply.start()
    if (before === undefined) return
    // A server that has been started again may have forgotten any of its latest deliveries, and says so of none.
    const isKnown = before.server === link.server
    const items = await before.surrender((message, since) => isKnown && this.#supply.arrived(message, since))
    this.#check('open')
    for (const held of items) {
      if (!isKnown) this.#holding.letGo(held)
      else if (this.#holding.takeOver(held)) this.#transferred++
    }
  }

  async pull(max: number): Promise<Pulled> {
    this.#check('pull')
    if (max === 0) {
      this.#supply.pause()
      return NOTHING_PULLED
    }
    try {
      return await this.#pull(max)
    } finally {
      this.#supply.pulled()
    }
  }

  async #pull(max: number): Promise<Pulled> {
    const { hand } = this.#holding
    const since = this.#init.link.environment.clock.monotonic()
    await this.#supply.pull(max)
    this.#check('pull')
    const pulled = hand.take(max)
    this.#supply.ask()
    // Whoever stood still for a while does not know what the server has given up since.
    const late = await hand.keep(pulled.deliveries, since)
    if (late.length > 0) this.#init.events.lost(late)
    this.#check('pull')
    const now = this.#init.link.environment.clock.monotonic()
    const deliveries = pulled.deliveries.filter(({ token }) => hand.claimed(token, now) !== undefined)
    return deliveries.length === pulled.deliveries.length ? pulled : { ...pulled, deliveries, more: true }
  }

  async mark(delivery: Delivery): Promise<void> {
    this.#check('mark')
    const { hand, runs } = this.#holding
    const item = hand.claimed(delivery.token)
    if (item === undefined) throw stale()
    const { appender } = this.#init.link
    const { positions, unstored } = await appender.append([runs.entry(item.position, marked(item))], true)
    const refused = unstored[0]?.error
    if (refused !== undefined) throw refused
    item.record = positions[0] ?? 0
    item.isMarked = true
    if (hand.claimed(delivery.token) === undefined) throw stale()
  }

  async settle(settled: Settled): Promise<readonly SettleException[]> {
    this.#check('settle')
    return this.#holding.settling.settle(settled)
  }

  async renew(batch: readonly Delivery[]): Promise<readonly Token[]> {
    this.#check('renew')
    const lost = await this.#holding.hand.renew(batch, this.#init.link.environment.clock.monotonic())
    return lost.length === 0 ? NO_EXCEPTIONS : lost
  }

  /** What is on its way arrives before it is given back, with everything else. */
  async close(): Promise<void> {
    if (this.#isOver) return
    const { hand, settling } = this.#holding
    this.#end()
    if (this.#init.link.over !== undefined) {
      hand.stop()
      return this.#stop()
    }
    await this.#supply.end()
    const items = hand.clear().filter(({ isSettling }) => !isSettling)
    this.#stop()
    await settling.release(items)
  }

  /** The connection is over. What is held is for the next source of this consumer. */
  abandon(): void {
    this.#isOver = true
    this.#supply.abandon()
    this.#holding.hand.stop()
    this.#holding.keys.stop()
  }

  async surrender(heir: Heir): Promise<readonly Item[]> {
    this.#isReplaced = true
    this.#supply.surrender(heir)
    const items = this.#holding.hand.clear()
    if (!this.#isOver) {
      this.#end()
      this.#stop()
      await this.#supply.quit()
    }
    return items
  }

  #check(what: string): void {
    this.#init.link.check(what)
    if (this.#isReplaced) throw replaced(what)
    if (this.#isOver) throw closed(what)
  }

  /** Here it is pulled first, and by others unless somebody here pulls it soon. */
  #ready(): void {
    if (!this.#isOver) this.#supply.rouse()
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
    this.#holding.hand.clear()
    this.#end()
    this.#stop()
    this.#init.events.ended(cause)
  }

  #end(): void {
    this.#isOver = true
    this.#init.over()
  }

  #stop(): void {
    this.#supply.stop()
    this.#holding.keys.stop()
  }
}
