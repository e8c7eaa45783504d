import type { Delivery, SettleException, Settlement, Source, Token } from '../../driver/subscriber.js'
import type { Watchdog } from '../connection/watchdog.js'
import { ACK, settlementOf, type Verdict } from './policy.js'

/** A delivery and how it ended. */
export interface Ended {
  readonly delivery: Delivery
  readonly verdict: Verdict
}

/** What becomes of settlements. */
export interface SettlementFollower {
  /** All of these are settled as they were meant. */
  settled(deliveries: readonly Delivery[], others: readonly Ended[]): void
  stale(delivery: Delivery): void
  /** The broker could not settle these now; they are kept, and tried again when `flush` is called. */
  failed(error: unknown): void
  /** There is less in flight, or nothing. */
  answered(): void
}

interface Flight {
  readonly acked: readonly Delivery[]
  readonly others: readonly Ended[]
}

/**
 * Collects how deliveries ended and settles them in batches, one in flight: what ends meanwhile travels in the next one. Acks
 * are a bare list of tokens, because they are nearly everything. Belongs to one source, and dies with it.
 */
export class Settlements {
  readonly #source: Source
  readonly #watchdog: Watchdog
  readonly #follower: SettlementFollower
  #acks: Token[] = []
  #acked: Delivery[] = []
  #others: Ended[] = []
  #flight: Flight | undefined
  readonly #waiting = new Set<() => void>()
  #isPaused = false
  #isOver = false

  constructor(source: Source, watchdog: Watchdog, follower: SettlementFollower) {
    this.#source = source
    this.#watchdog = watchdog
    this.#follower = follower
  }

  get isIdle(): boolean {
    return this.#flight === undefined && this.#acks.length === 0 && this.#others.length === 0
  }

  /** How many have ended and are not known to be settled. */
  get size(): number {
    const flight = this.#flight
    const inFlight = flight === undefined ? 0 : flight.acked.length + flight.others.length
    return inFlight + this.#acked.length + this.#others.length
  }

  /** Deliveries that are not settled yet: their leases have to last until they are. */
  pending(): Delivery[] {
    const others = [...(this.#flight?.others ?? []), ...this.#others]
    return [...(this.#flight?.acked ?? []), ...this.#acked, ...others.map(({ delivery }) => delivery)]
  }

  /** Resolves when everything has been settled. */
  becomesIdle(): Promise<void> {
    return new Promise(resolve => this.#waiting.add(resolve))
  }

  ack(delivery: Delivery): void {
    this.#acks.push(delivery.token)
    this.#acked.push(delivery)
  }

  end(ended: Ended): void {
    if (ended.verdict.kind === 'ack') this.ack(ended.delivery)
    else this.#others.push(ended)
  }

  flush(): void {
    if (this.#flight !== undefined || this.#isPaused || this.#isOver) return
    if (this.#acks.length === 0 && this.#others.length === 0) return
    const acks = this.#acks
    const flight: Flight = { acked: this.#acked, others: this.#others }
    this.#acks = []
    this.#acked = []
    this.#others = []
    this.#flight = flight
    this.#watchdog.watch('settle', this.#settle(acks, flight.others)).then(
      exceptions => this.#answered(flight, exceptions),
      error => this.#broken(flight, error),
    )
  }

  /** After a failure: settles again. */
  resume(): void {
    this.#isPaused = false
    this.flush()
  }

  /**
   * Ends this collection; answers everything of which it is not known that it was settled, in the order in which it ended: a
   * message may be there twice, as retried and as handled after that.
   */
  abandon(): Ended[] {
    const doubtful = this.#flight === undefined ? [] : endedOf(this.#flight)
    const unsettled = endedOf({ acked: this.#acked, others: this.#others })
    this.#isOver = true
    this.#flight = undefined
    this.#acks = []
    this.#acked = []
    this.#others = []
    return [...doubtful, ...unsettled]
  }

  #settle(acks: readonly Token[], others: readonly Ended[]): Promise<readonly SettleException[]> {
    try {
      return this.#source.settle({ acks, others: others.length === 0 ? NO_OTHERS : others.map(toSettlement) })
    } catch (error) {
      return Promise.reject(error)
    }
  }

  #answered(flight: Flight, exceptions: readonly SettleException[]): void {
    if (this.#isOver) return
    this.#flight = undefined
    if (exceptions.length === 0) this.#follower.settled(flight.acked, flight.others)
    else this.#sort(flight, new Map(exceptions.map(exception => [exception.token, exception])))
    if (this.isIdle) {
      for (const resolve of this.#waiting) resolve()
      this.#waiting.clear()
    }
    this.flush()
    this.#follower.answered()
  }

  #sort(flight: Flight, exceptions: ReadonlyMap<Token, SettleException>): void {
    const isSettled = (delivery: Delivery) => !exceptions.has(delivery.token)
    this.#follower.settled(
      flight.acked.filter(isSettled),
      flight.others.filter(ended => isSettled(ended.delivery)),
    )
    const rest: Ended[] = [
      ...flight.acked.map(delivery => ({ delivery, verdict: { kind: 'ack' } as const })),
      ...flight.others,
    ]
    for (const ended of rest) {
      const exception = exceptions.get(ended.delivery.token)
      if (exception?.kind === 'stale') this.#follower.stale(ended.delivery)
      if (exception?.kind === 'failed') this.#again(ended, exception.error)
    }
  }

  #again(ended: Ended, error: unknown): void {
    this.end(ended)
    if (this.#isPaused) return
    this.#isPaused = true
    this.#follower.failed(error)
  }

  #broken(flight: Flight, error: unknown): void {
    if (this.#isOver) return
    this.#flight = undefined
    for (const delivery of flight.acked) this.ack(delivery)
    this.#others.push(...flight.others)
    this.#isPaused = true
    this.#follower.failed(error)
  }
}

const NO_OTHERS: readonly Settlement[] = Object.freeze([])

const endedOf = ({ acked, others }: Flight): Ended[] => [
  ...acked.map(delivery => ({ delivery, verdict: ACK })),
  ...others,
]

const toSettlement = ({ delivery, verdict }: Ended): Settlement => {
  if (verdict.kind === 'ack') throw new Error('An ack travels as a token.')
  return settlementOf(verdict, delivery.token)
}
