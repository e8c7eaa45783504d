import type { Environment, TimerHandle } from '../../driver/environment.js'
import type { Delivery } from '../../driver/subscriber.js'
import { Backoff } from '../connection/backoff.js'
import { judgeSuspect, RELEASE, type Verdict } from './policy.js'
import type { SourceSession } from './source-session.js'

/** What suspects ask of their consumer. */
export interface SuspectOwner {
  /** Handlers may be started: it is neither paused nor closing. */
  mayStart(): boolean
  /** No handler has a slot. */
  isStill(): boolean
  startSuspect(delivery: Delivery): void
  settle(delivery: Delivery, verdict: Verdict): void
  stir(): void
}

/**
 * Runs suspects: each is marked durably once nothing else is under way, then run alone. One that has been lost too often
 * while it was marked dies unrun. One that cannot be marked is put aside before it is given back, longer each time: it is
 * the first to be handed out again, and would keep everybody from whatever stands behind it.
 */
export class Suspects {
  readonly #environment: Environment
  readonly #owner: SuspectOwner
  readonly #backoff: Backoff
  readonly #returns = new Set<TimerHandle>()
  #marking: Delivery | undefined
  #isRunning = false

  constructor(environment: Environment, owner: SuspectOwner) {
    this.#environment = environment
    this.#owner = owner
    this.#backoff = new Backoff(environment.random)
  }

  /** While true, nothing else may be pulled or started. */
  get isBusy(): boolean {
    return this.#marking !== undefined || this.#isRunning
  }

  /** Begins with the suspect that the session has pulled, as soon as it would be alone. Where nothing may be started there is none. */
  run(session: SourceSession): void {
    const { suspect } = session.intake
    if (suspect === undefined || this.isBusy) return
    if (!this.#owner.isStill() || session.intake.size > 0 || !session.settlements.isIdle) return
    const verdict = judgeSuspect(suspect, this.#environment.clock.now())
    if (verdict !== undefined) return this.#settle(session, suspect, verdict)
    this.#marking = suspect
    session.mark(suspect).then(
      () => this.#marked(session, suspect),
      error => this.#notMarked(session, suspect, error),
    )
  }

  /** Something has been settled. Between the start of a suspect and its own end, nothing else is. */
  settled(): void {
    if (this.#isRunning && this.#owner.isStill()) this.#isRunning = false
  }

  /** The run of a suspect goes on under a new token, and goes on alone. */
  resumed(): void {
    this.#isRunning = true
  }

  /** The session is over, and what it held is no longer ours. */
  reset(): void {
    this.#marking = undefined
    this.#isRunning = false
    for (const timer of this.#returns) this.#environment.timers.clearTimeout(timer)
    this.#returns.clear()
  }

  #marked(session: SourceSession, suspect: Delivery): void {
    if (this.#marking !== suspect) return
    this.#marking = undefined
    this.#backoff.reset()
    // It may have been taken away meanwhile.
    if (session.intake.suspect !== suspect) return this.#owner.stir()
    // Given back, its mark is void: it would not be its fault if we were lost while it waits.
    if (!this.#owner.mayStart()) return this.#settle(session, suspect, RELEASE)
    session.intake.suspect = undefined
    this.#isRunning = true
    this.#owner.startSuspect(suspect)
    this.#owner.stir()
  }

  #notMarked(session: SourceSession, suspect: Delivery, error: unknown): void {
    if (this.#marking !== suspect) return
    this.#marking = undefined
    if (session.intake.suspect !== suspect) return this.#owner.stir()
    // Without a durable mark it must not run.
    const delay = this.#backoff.next()
    const details = { error, id: suspect.message.id, delay }
    this.#environment.logger.warn(details, 'A suspect could not be marked; it is given back.')
    session.intake.putAside()
    this.#giveBackIn(delay, session, suspect)
    this.#owner.stir()
  }

  #giveBackIn(ms: number, session: SourceSession, suspect: Delivery): void {
    const timer = this.#environment.timers.setTimeout(() => {
      this.#returns.delete(timer)
      // It may have been taken away or given back meanwhile.
      if (session.intake.takeAside(suspect)) this.#settle(session, suspect, RELEASE)
    }, ms)
    this.#returns.add(timer)
  }

  #settle(session: SourceSession, suspect: Delivery, verdict: Verdict): void {
    if (session.intake.suspect === suspect) session.intake.suspect = undefined
    this.#owner.settle(suspect, verdict)
    this.#owner.stir()
  }
}
