import { Sleeper } from './standing-demand.js'

/**
 * Which consumer of its instance one is, for the how manieth time.
 *
 * @example
 * ```ts
 * import type { Holder } from '@pluribus/queue'
 *
 * const second: Holder = { id: 0, generation: 2 }
 * ```
 */
export interface Holder {
  readonly id: number
  /** Rises with every source of the consumer. */
  readonly generation: number
}

/**
 * Who begins to consume, and what it is told.
 *
 * @example
 * ```ts
 * import type { ConsumerInit } from '@pluribus/queue'
 *
 * const silent: ConsumerInit = {
 *   instance: 0, holder: undefined, lease: 30_000, wake() {}, replaced() {}, ended() {},
 * }
 * ```
 */
export interface ConsumerInit {
  /** The process or broker that loses what it holds. */
  readonly instance: number
  /** Absent where it follows nobody, and nobody follows it. */
  readonly holder: Holder | undefined
  /** Milliseconds. */
  readonly lease: number
  /** A claim might find something now. */
  wake(): void
  /** What it held is another's now, and it gets nothing more. */
  replaced(): void
  /** The subscription is gone. */
  ended(cause: unknown): void
}

/** What a consumer asks of those it is one of. */
export interface ConsumerParts {
  readonly session: number
  /** It is over, or replaced: it wants nothing any more. */
  detach(consumer: Consumer, now: number): void
  /** It ends, and gives back what it holds. */
  leave(consumer: Consumer): void
  /** It is gone, and what it holds stays leased. */
  abandon(consumer: Consumer): void
}

/**
 * One of those who consume a queue, from its opening to its end: see {@link Consumers.open}. Times are of the queue's clock.
 *
 * @example
 * ```ts
 * import { Consumers, DeliveryQueue } from '@pluribus/queue'
 *
 * const queue = new DeliveryQueue({ order: 'fifo', bands: 1, keyOf: () => undefined, bandOf: () => 0, handled: () => {} })
 * const silent = { holder: undefined, lease: 30_000, wake() {}, replaced() {}, ended() {} }
 * const consumer = new Consumers(queue).open({ instance: 0, ...silent }, performance.now())
 * consumer.close(performance.now())
 * ```
 */
export class Consumer {
  /** In the queue. */
  readonly session: number
  readonly sleeper: Sleeper
  /** Deliveries that came over from the one before. */
  transferred = 0
  readonly #init: ConsumerInit
  readonly #parts: ConsumerParts
  #isOver = false
  #isReplaced = false

  /** Made by {@link Consumers.open} alone. */
  constructor(init: ConsumerInit, parts: ConsumerParts) {
    this.session = parts.session
    this.sleeper = new Sleeper(() => init.wake())
    this.#init = init
    this.#parts = parts
  }

  /** Closed, abandoned, or ended with its subscription. */
  get isOver(): boolean {
    return this.#isOver
  }

  /** What it held is another's: its tokens are stale, and it gets no others. */
  get isReplaced(): boolean {
    return this.#isReplaced
  }

  get instance(): number {
    return this.#init.instance
  }

  get holder(): Holder | undefined {
    return this.#init.holder
  }

  /** Gives back what it holds. Once it is over, nothing happens, here as below. */
  close(now: number): void {
    if (this.#isOver) return
    this.#parts.leave(this)
    this.#end(now)
  }

  /** Its connection is gone, and it was not closed: what it holds stays leased, for the next one of its holder. */
  abandon(now: number): void {
    if (this.#isOver) return
    if (!this.#isReplaced) this.#parts.abandon(this)
    this.#end(now)
  }

  /** The subscription is gone. */
  end(cause: unknown, now: number): void {
    if (this.#isOver) return
    this.#end(now)
    this.#init.ended(cause)
  }

  /** The next one of its holder has taken over what it held. */
  replace(now: number): void {
    if (this.#isOver) return
    this.#isReplaced = true
    this.#parts.detach(this, now)
    this.#init.replaced()
  }

  #end(now: number): void {
    this.#isOver = true
    this.#parts.detach(this, now)
  }
}
