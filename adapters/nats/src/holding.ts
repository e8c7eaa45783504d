import type { SourceEvents } from '@pluribus/core/driver'
import { Acknowledged } from './acknowledged.js'
import { Hand } from './hand.js'
import type { Item } from './item.js'
import { KeyOrder } from './key-order.js'
import { Lapsed } from './lapsed.js'
import { Renewals } from './renewals.js'
import { Runs } from './runs.js'
import { Settling } from './settling.js'
import type { SourceInit } from './source-init.js'

/** Who is told of what is held. */
export interface HoldingEvents extends Pick<SourceEvents, 'wake' | 'lost'> {
  /** Something more may be pulled. */
  ready(): void
  /** What was to be freed could not be: it comes again when the server's patience ends. */
  failed(error: unknown): void
}

/** Everything that a source has, from its arrival until it is settled or gives up: in whose hands it is, whose turn it is, and how it ends. */
export class Holding {
  readonly hand: Hand
  readonly renewals: Renewals
  readonly keys: KeyOrder
  readonly runs: Runs
  readonly settling: Settling
  readonly lapsed = new Lapsed()
  readonly #acknowledged = new Acknowledged()
  readonly #init: SourceInit
  readonly #events: HoldingEvents

  constructor(init: SourceInit, events: HoldingEvents) {
    const { link, declared, options, wait } = init
    const { spec: subscription, start } = declared
    const ready = () => events.ready()
    this.#init = init
    this.#events = events
    this.renewals = new Renewals({ link, lease: options.lease, wait })
    this.runs = new Runs(link, subscription)
    this.hand = this.#handOf(init)
    this.keys = new KeyOrder({
      ...{ link, subscription, start, patience: wait / 3 },
      ready: item => this.#ready(item),
      handled: item => this.settling.acknowledge(item),
    })
    const { hand, renewals, keys, runs } = this
    const parts = { link, subscription, hand, renewals, keys, runs, wait, acknowledged: this.#acknowledged }
    this.settling = new Settling({ ...parts, released: ready })
  }

  #handOf({ link, declared, options, wait }: SourceInit): Hand {
    return new Hand({
      environment: link.environment,
      discipline: declared.spec.discipline,
      lease: options.lease,
      wait,
      renewals: this.renewals,
      wake: () => this.#events.wake(),
      ended: item => this.letGo(item),
      lost: items => this.#lost(items),
    })
  }

  /** The server has handed it out to us. To be followed by a rouse. */
  enter(item: Item): void {
    // On its way to us when it was acknowledged here, or is: that counts for it as well.
    if (item.count > 1 && this.#acknowledged.has(item.position)) return this.settling.acknowledge(item)
    const before = this.hand.at(item.position)
    // Handed out twice at once: see the feed's sweep.
    if (before !== undefined && (before.count >= item.count || before.isSettling)) return
    if (before !== undefined) this.#supersede(before)
    this.hand.hold(item)
    if (item.key === undefined) this.hand.ready(item)
    else this.keys.enter(item)
  }

  /** The source before had it, and it is still ours, as far as that can be known; answers whether it may be pulled at once. */
  takeOver(held: Item): boolean {
    if (this.renewals.isOver(held)) {
      this.letGo(held)
      return false
    }
    const item = { ...held, leasedUntil: Number.POSITIVE_INFINITY, isOut: false, isSettling: false, isOver: false }
    const isDue = held.dueAt <= this.#init.link.environment.clock.monotonic()
    this.hand.hold(item)
    // A retry that was held has been handed out before, too.
    const wasFirst = held.isOut || !isDue
    if (item.key !== undefined && !wasFirst) {
      this.keys.enter(item)
      return false
    }
    if (item.key !== undefined) this.keys.adopt(item)
    this.hand.ready(item)
    return isDue
  }

  /** It has ended here without a word. */
  letGo(item: Item): void {
    this.lapsed.add(item)
    if (item.key !== undefined) this.keys.leave(item)
  }

  /** The server has handed it out again while we held it: what we had is worth nothing. */
  #supersede(before: Item): void {
    const wasOut = before.isOut
    this.hand.withdraw(item => item === before)
    this.hand.drop(before)
    if (before.key !== undefined) this.keys.leave(before)
    if (wasOut) this.#events.lost([before])
  }

  #ready(item: Item): void {
    this.hand.ready(item)
    this.#events.ready()
  }

  /** Core has let these go, or we were not heard of for too long: they are anybody's. */
  #lost(items: readonly Item[]): void {
    this.#events.lost(items)
    this.renewals.free(items).catch((error: unknown) => this.#events.failed(error))
  }
}
