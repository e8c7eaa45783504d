import type { Environment, TimerHandle } from '../../driver/environment.js'
import type { Delivery, Source, SourceEvents, Token } from '../../driver/subscriber.js'
import { Backoff } from '../connection/backoff.js'
import type { Watchdog } from '../connection/watchdog.js'
import { Intake, type IntakeOwner } from './intake.js'
import { LeaseKeeper } from './lease-keeper.js'
import { RELEASE, type Verdict } from './policy.js'
import { type Ended, type SettlementFollower, Settlements } from './settlements.js'

/** What a session asks of its consumer, and tells it. */
export interface SessionOwner extends Pick<IntakeOwner, 'wanted' | 'isAdopting' | 'adopt'> {
  /** Running deliveries that this session handed out and that are still ours. */
  running(): readonly Delivery[]
  /** There may be something to start, or to pull. */
  stir(): void
  settled(deliveries: readonly Delivery[], others: readonly Ended[]): void
  stale(delivery: Delivery): void
  /** The broker, or our own clock, has taken these away. */
  lost(isLost: (delivery: Delivery) => boolean, buffered: readonly Delivery[]): void
  /** The session is over: its source has ended, or does not answer. */
  over(session: SourceSession, cause: unknown): void
}

/** One generation of a source with everything that dies with it: what it holds unstarted, unsettled, and leased. */
export class SourceSession implements SettlementFollower {
  readonly source: Source
  readonly intake: Intake
  readonly settlements: Settlements
  readonly #environment: Environment
  readonly #watchdog: Watchdog
  readonly #owner: SessionOwner
  readonly #leases: LeaseKeeper
  readonly #backoff: Backoff
  readonly #retries = new Set<TimerHandle>()
  #isOver = false
  /** The broker has ended it, and may have given back what it held. */
  #isGivenBack = false

  constructor(source: Source, lease: number, environment: Environment, watchdog: Watchdog, owner: SessionOwner) {
    this.source = source
    this.#environment = environment
    this.#watchdog = watchdog
    this.#owner = owner
    this.#backoff = new Backoff(environment.random)
    this.settlements = new Settlements(source, watchdog, this)
    this.intake = new Intake(source, environment, watchdog, {
      wanted: (returning, isDue) => owner.wanted(returning, isDue),
      // Whoever slept may hear of this before his timers fire: what it brings may be what he is still running.
      answered: () => this.#leases.expire(environment.clock.monotonic()),
      isAdopting: () => owner.isAdopting(),
      adopt: delivery => owner.adopt(delivery),
      arrived: since => this.#arrived(since),
      failed: error => this.#retryLater('Pulling', error, () => this.intake.resume()),
    })
    this.#leases = new LeaseKeeper(environment, lease, {
      isHolding: () => this.#held().length > 0,
      renew: () => this.#renew(),
      expired: () => this.#lost(() => true),
    })
  }

  /** Monotonic milliseconds up to which what it handed out is certainly ours; with no lease any more, or none at all, until now. */
  get safeUntil(): number {
    const isLeased = this.source.renew !== undefined && !this.#isGivenBack
    return isLeased ? this.#leases.safeUntil : this.#environment.clock.monotonic()
  }

  /** Ends what is held where its lease is over at this time, monotonic milliseconds: nothing of it may be settled any more. */
  expire(now: number): void {
    this.#leases.expire(now)
  }

  settle(delivery: Delivery, verdict: Verdict): void {
    if (verdict.kind === 'ack') this.settlements.ack(delivery)
    else this.settlements.end({ delivery, verdict })
  }

  /** What the source may call. Nothing reaches the consumer once the session is over. */
  static events(session: () => SourceSession | undefined, early: (cause: unknown) => void): SourceEvents {
    return {
      wake: () => session()?.intake.wake(),
      lost: tokens => session()?.takenAway(tokens),
      ended: cause => {
        const own = session()
        if (own === undefined) early(cause)
        else own.#end(cause)
      },
    }
  }

  takenAway(tokens: readonly Token[]): void {
    const lost = new Set(tokens)
    this.#lost(delivery => lost.has(delivery.token))
  }

  /** Gives back, uncounted, what has not been started. */
  giveBack(): void {
    for (const delivery of this.intake.drop(() => true)) this.settle(delivery, RELEASE)
  }

  async mark(delivery: Delivery): Promise<void> {
    await this.#watchdog.watch('mark', this.source.mark(delivery))
  }

  /** Ends the session without asking the source anything; answers what was not surely settled. */
  abandon(): Ended[] {
    this.#isOver = true
    this.intake.stop()
    this.#leases.stop()
    for (const retry of this.#retries) this.#environment.timers.clearTimeout(retry)
    return this.settlements.abandon()
  }

  settled(deliveries: readonly Delivery[], others: readonly Ended[]): void {
    if (deliveries.length + others.length > 0) this.#backoff.reset()
    this.#owner.settled(deliveries, others)
  }

  stale(delivery: Delivery): void {
    this.#owner.stale(delivery)
  }

  failed(error: unknown): void {
    this.#retryLater('Settling', error, () => this.settlements.resume())
  }

  answered(): void {
    this.#owner.stir()
  }

  #arrived(since: number): void {
    if (this.source.renew !== undefined) this.#leased(since)
    this.#owner.stir()
  }

  #leased(since: number): void {
    const isLate = this.#leases.isOver(since)
    // An answer that took longer than a lease has brought what may be somebody else's by now: it would be run in vain.
    if (isLate) this.giveBack()
    // What it has brought back to runs that go on is held all the same.
    if (!isLate || this.#owner.running().length > 0) this.#leases.got(since)
  }

  #held(): Delivery[] {
    return [...this.intake.held(), ...this.#owner.running(), ...this.settlements.pending()]
  }

  async #renew(): Promise<void> {
    const batch = this.#held()
    if (batch.length === 0 || this.source.renew === undefined) return
    const lost = await this.#watchdog.watch('renew', this.source.renew(batch))
    if (lost.length > 0) this.takenAway(lost)
  }

  #lost(isLost: (delivery: Delivery) => boolean): void {
    if (this.#isOver) return
    this.#owner.lost(isLost, this.intake.drop(isLost))
    this.#owner.stir()
  }

  #end(cause: unknown): void {
    if (this.#isOver) return
    this.#isGivenBack = true
    this.#owner.over(this, cause)
  }

  #retryLater(what: string, error: unknown, again: () => void): void {
    const delay = this.#backoff.next()
    this.#environment.logger.warn({ error, delay }, `${what} has failed; it is tried again.`)
    const retry = this.#environment.timers.setTimeout(() => {
      this.#retries.delete(retry)
      again()
    }, delay)
    this.#retries.add(retry)
  }
}
