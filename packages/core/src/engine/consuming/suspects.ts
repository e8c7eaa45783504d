import type { Environment } from '../../driver/environment.js'
import type { Delivery } from '../../driver/subscriber.js'
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
 * while it was marked dies unrun.
 */
export class Suspects {
  readonly #environment: Environment
  readonly #owner: SuspectOwner
  #marking: Delivery | undefined
  #isRunning = false

  constructor(environment: Environment, owner: SuspectOwner) {
    this.#environment = environment
    this.#owner = owner
  }

  /** While true, nothing else may be pulled or started. */
  get isBusy(): boolean {
    return this.#marking !== undefined || this.#isRunning
  }

  /** Begins with the suspect that the session has pulled, as soon as it would be alone. */
  run(session: SourceSession): void {
    const { suspect } = session.intake
    if (suspect === undefined || this.isBusy || !this.#owner.mayStart()) return
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
  }

  #marked(session: SourceSession, suspect: Delivery): void {
    if (this.#marking !== suspect) return
    this.#marking = undefined
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
    const details = { error, id: suspect.message.id }
    this.#environment.logger.warn(details, 'A suspect could not be marked; it is given back.')
    // Without a durable mark it must not run.
    this.#settle(session, suspect, RELEASE)
  }

  #settle(session: SourceSession, suspect: Delivery, verdict: Verdict): void {
    session.intake.suspect = undefined
    this.#owner.settle(suspect, verdict)
    this.#owner.stir()
  }
}
