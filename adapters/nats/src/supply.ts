import type { Msg } from '@nats-io/transport-node'
import { Alarm, SUSPECT_AFTER } from '@pluribus/core/driver'
import { Arrivals } from './arrivals.js'
import { Feed } from './feed.js'
import { Floor } from './floor.js'
import type { Hand } from './hand.js'
import type { Holding } from './holding.js'
import type { Item } from './item.js'
import type { SourceInit } from './source-init.js'
import type { Heir } from './succession.js'
import { Surplus, secondThoughts } from './surplus.js'

/** Messages among which the most urgent is chosen. */
const WINDOW = 256

/** How old at most what is noted of the consumer may be, in milliseconds. */
const LONGEST_UNNOTED = 2_000

/** Who is told of what is supplied. */
export interface SupplyEvents {
  wake(): void
  /** The consumer, or its stream, is not there. */
  gone(): void
  /** What nobody has pulled could not be given back: it comes again when the server's patience ends. */
  failed(error: unknown): void
}

/**
 * What a source asks the server for, and what comes of it: as much as core waits for, and what there has to be to choose from. What core
 * does not pull within a moment is somebody else's.
 */
export class Supply {
  readonly #init: SourceInit
  readonly #events: SupplyEvents
  readonly #holding: Holding
  readonly #hand: Hand
  readonly #feed: Feed
  readonly #arrivals: Arrivals
  readonly #surplus: Surplus
  readonly #floor: Floor
  /** So many are fetched beyond what is wanted, to choose from. */
  readonly #ahead: number
  readonly #sweeping: Alarm
  /** Set while something waits here that core does not pull, or may not. */
  readonly #nap: Alarm
  #heir: Heir | undefined
  /** What came last were suspects. */
  #isCautious = false
  #isPulling = false
  #isOver = false

  constructor(init: SourceInit, holding: Holding, events: SupplyEvents) {
    const { link, declared, known } = init
    const { hand, lapsed, runs, settling } = holding
    const { timers } = link.environment
    this.#init = init
    this.#events = events
    this.#holding = holding
    this.#hand = hand
    this.#ahead = declared.spec.discipline.kind === 'priority' ? WINDOW : 0
    this.#sweeping = new Alarm(timers, () => this.#sweep())
    this.#nap = new Alarm(timers, () => this.#giveUp())
    this.#floor = new Floor(link, declared.spec)
    this.#feed = this.#feedOf(init)
    const admit = (items: readonly Item[]) => this.#admit(items)
    this.#arrivals = new Arrivals({ link, declared, runs, hand, lapsed, known, admit })
    this.#surplus = new Surplus({ feed: this.#feed, arrivals: this.#arrivals, hand, settling })
  }

  #feedOf({ link, declared: { spec }, wait }: SourceInit): Feed {
    return new Feed(link, {
      stream: link.names.stream(spec.topic),
      consumer: spec.name,
      // What a process has asked for that dies is over before what it held is handed out again.
      patience: Math.ceil(wait / 4),
      arrived: (message, since) => this.arrived(message, since),
      gone: () => this.#events.gone(),
    })
  }

  start(): void {
    this.#sweeping.set(this.#untilSweep)
  }

  /** The server has handed it out at that time or later, monotonic milliseconds. */
  arrived(message: Msg, since: number): void {
    if (this.#heir !== undefined) this.#heir(message, since)
    else this.#arrivals.add(message, since)
  }

  /** Core pulls: what is here is waited for until that is {@link pulled}. Resolves when there is something, or nothing to be had. */
  async pull(max: number): Promise<void> {
    this.#nap.clear()
    this.#isPulling = true
    await this.#surplus.settled()
    if (this.#hand.waiting > 0 || this.#feed.isStanding) return
    await this.#feed.fetch(this.#isCautious ? 1 : max + this.#ahead)
    await this.#arrivals.settled()
    await this.#holding.keys.settled()
    await this.#surplus.settled()
  }

  pulled(): void {
    this.#isPulling = false
    this.#mind()
  }

  /** As much as core waits for, and what there has to be to choose from. */
  ask(): void {
    const { wanted, waiting } = this.#hand
    const missing = wanted + this.#ahead - waiting
    if (missing > 0) this.#feed.want(this.#isCautious ? 1 : missing)
  }

  /** Core wants nothing any more, or changes its mind soon. */
  pause(): void {
    this.#feed.want(0)
    this.#nap.set(secondThoughts(this.#init.wait))
  }

  /** Tells core of what has come; what it does not want is others'. */
  rouse(): void {
    // What was passed over had been asked for, and others are still wanted.
    if (!this.#hand.rouse()) this.ask()
    this.#mind()
  }

  /** Core is about to be woken: it may not answer. */
  wake(): void {
    if (!this.#isPulling) this.#nap.set(this.#init.wait / 4)
    this.#events.wake()
  }

  /** Nothing more is asked for; resolves when what was on its way is here. */
  async end(): Promise<void> {
    this.#isOver = true
    this.#nap.clear()
    await this.#feed.end()
    await this.#arrivals.settled()
  }

  /** What is on its way, and what has not been admitted, goes to somebody else. */
  surrender(heir: Heir): void {
    this.#heir = heir
    this.#arrivals.surrender(heir)
  }

  /** On a link that may hang: see {@link Feed.quit}. */
  quit(): Promise<void> {
    return this.#feed.quit()
  }

  /** The connection is over. */
  abandon(): void {
    this.#feed.abandon()
    this.stop()
  }

  stop(): void {
    this.#isOver = true
    this.#nap.clear()
    this.#sweeping.clear()
    this.#arrivals.stop()
  }

  /**
   * These have come together. Where suspects are among them, they are to be lost alone: nothing else stays in hand while one of them
   * runs, and from here on they are fetched one by one, until something comes that is none.
   */
  #admit(items: readonly Item[]): void {
    for (const item of items) this.#holding.enter(item)
    if (items.length > 0) this.#isCautious = items.some(({ losses }) => losses >= SUSPECT_AFTER)
    if (!this.#isCautious || items.length <= 1 || this.#isOver) return this.rouse()
    const rouse = () => this.rouse()
    this.#surplus.giveBack(1).catch(this.#events.failed).then(rouse)
  }

  #mind(): void {
    if (!this.#isPulling && !this.#nap.isSet && this.#ahead === 0 && this.#hand.waiting > 0)
      this.#nap.set(secondThoughts(this.#init.wait))
  }

  /** Whoever wants nothing, or does not answer, keeps nothing from the others. */
  #giveUp(): void {
    if (this.#hand.wanted > 0) return
    this.#surplus.giveBack(0).catch(this.#events.failed)
  }

  /** Well before what a process held that has died is handed out again; and what is noted of the consumer is to be of late. */
  get #untilSweep(): number {
    return Math.min(this.#init.wait / 3, LONGEST_UNNOTED)
  }

  #sweep(): void {
    this.#sweeping.set(this.#untilSweep)
    this.#note().catch((error: unknown) => {
      const { logger } = this.#init.link.environment
      logger.debug({ error }, 'How far a subscription is handled could not be noted just now.')
    })
  }

  async #note(): Promise<void> {
    const info = await this.#feed.sweep()
    if (info === undefined || info.delivered.consumer_seq === 0) return
    await this.#floor.note(info.ack_floor.stream_seq + 1, info.created)
  }
}
