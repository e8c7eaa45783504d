import type { Delivery } from '../driver/subscriber.js'
import { PluribusError } from '../errors/pluribus-error.js'
import type { CloseOptions, ConsumerHandle } from '../model/broker.js'
import { toMilliseconds } from '../model/duration.js'
import { isOutcome } from '../model/outcome.js'
import { currentCause, enterCause } from './chain.js'
import type { ConsumerParts, ConsumerTask } from './consumer-parts.js'
import { ConsumerReporter } from './consumer-reporter.js'
import { DeliveredMessage } from './delivered-message.js'
import { OrphanKeeper } from './orphan-keeper.js'
import { ACK, judgeFailure, judgeOutcome, judgeSuspect, judgeUnreadable, RELEASE, type Verdict } from './policy.js'
import { Run } from './run.js'
import { RunList } from './run-list.js'
import type { Ended } from './settlements.js'
import { SourceFollower } from './source-follower.js'
import type { SessionOwner, SourceSession } from './source-session.js'

/** How long closing waits for the broker's answers beyond the drain, in milliseconds. */
const CLOSE_LIMIT = 5_000

/**
 * One subscription at work in this process: starts handlers while there are free slots, judges how they end, and settles.
 * Outlives the generations of its source.
 */
export class Consumer implements ConsumerHandle, SessionOwner {
  readonly topic: string
  readonly subscription: string
  readonly task: ConsumerTask
  readonly #parts: ConsumerParts
  readonly #reporter: ConsumerReporter
  readonly #follower: SourceFollower
  readonly #orphans: OrphanKeeper
  /** What runs asynchronously within its timeout, and what has outlived it. */
  readonly #runs: RunList
  readonly #overdue: RunList
  readonly #quiet = new Set<() => void>()
  #slots = 0
  #isStarting = false
  #isStirred = false
  #isPaused = false
  #suspectRun: 'none' | 'marking' | 'running' = 'none'
  #closing: Promise<void> | undefined

  constructor(parts: ConsumerParts, task: ConsumerTask) {
    const { spec } = task.subscription
    this.topic = spec.topic
    this.subscription = spec.name
    this.task = task
    this.#parts = parts
    this.#reporter = new ConsumerReporter(parts.emitter, spec)
    this.#orphans = new OrphanKeeper(parts.environment, parts.lease, run => this.#leaseEnded(run))
    this.#runs = new RunList(parts.environment, spec.timeout, run => this.#timedOut(run))
    this.#overdue = new RunList(parts.environment, spec.grace, run => this.#abandoned(run))
    this.#follower = new SourceFollower(parts, task, this, this.#reporter)
  }

  get state(): ConsumerHandle['state'] {
    if (this.#closing !== undefined) return 'closed'
    if (this.#isPaused) return 'paused'
    return this.#follower.session === undefined ? 'disconnected' : 'consuming'
  }

  /** Resolves when the first source is open; rejects with why it cannot be. */
  open(): Promise<void> {
    return this.#follower.open()
  }

  pause(): void {
    this.#isPaused = true
  }

  resume(): void {
    this.#isPaused = false
    this.stir()
  }

  close(options: CloseOptions = {}): Promise<void> {
    this.#closing ??= this.#close(toMilliseconds(options.drain ?? '10s', 'drain'))
    return this.#closing
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  wanted(): number {
    if (this.#isPaused || this.#closing !== undefined || this.#suspectRun !== 'none') return 0
    const { concurrency, prefetch, subscription } = this.task
    const buffered = this.#follower.session?.intake.size ?? 0
    const free = concurrency - this.#slots - buffered
    // Only fifo may fetch ahead: what arrives meanwhile could come first in the other disciplines.
    if (subscription.spec.discipline.kind !== 'fifo') return free
    // Half a window at a time, so that a slow trickle of free slots does not become a trickle of pulls.
    return free > 0 || buffered <= prefetch / 2 ? free + prefetch : 0
  }

  adopt(delivery: Delivery): boolean {
    if (this.#orphans.isEmpty) return false
    const orphan = this.#orphans.claim(delivery)
    if (orphan === undefined) return false
    if ('verdict' in orphan) this.#settle(delivery, orphan.verdict)
    else this.#reattach(orphan.run, delivery)
    return true
  }

  running(): readonly Delivery[] {
    const held: Delivery[] = []
    for (const list of [this.#runs, this.#overdue]) {
      for (const run of list) if (run.tie === 'held') held.push(run.delivery)
    }
    return held
  }

  stir(): void {
    if (this.#isStirred) return
    this.#isStirred = true
    // A microtask: whatever else ends in this stretch of code is settled in the same batch.
    queueMicrotask(this.#work)
  }

  settled(deliveries: readonly Delivery[], others: readonly Ended[]): void {
    if (deliveries.length + others.length > 0) this.#suspectSettled()
    this.#reporter.settled(deliveries, others)
  }

  stale(delivery: Delivery): void {
    this.#suspectSettled()
    this.#reporter.stale(delivery)
  }

  lost(isLost: (delivery: Delivery) => boolean, buffered: readonly Delivery[]): void {
    for (const delivery of buffered) this.#reporter.lost(delivery)
    for (const list of [this.#runs, this.#overdue]) {
      for (const run of list) if (run.tie === 'held' && isLost(run.delivery)) this.#takenAway(run)
    }
  }

  over(session: SourceSession, cause: unknown): void {
    this.#follower.over(session, cause)
  }

  /** The session has ended: what runs becomes an orphan, and so does what was not surely settled. */
  orphan(session: SourceSession): void {
    const until = session.safeUntil
    for (const { delivery, verdict } of session.abandon()) this.#orphans.addVerdict(delivery, verdict, until)
    for (const list of [this.#runs, this.#overdue]) {
      for (const run of list) {
        if (run.tie !== 'held') continue
        run.tie = 'orphaned'
        this.#orphans.addRun(run, until)
      }
    }
    this.#suspectRun = 'none'
  }

  readonly #work = (): void => {
    this.#isStirred = false
    const session = this.#follower.session
    if (session === undefined) return this.#announceQuiet()
    if (!this.#isPaused && this.#closing === undefined) this.#startWhatFits(session)
    // Settle before pulling: what a settle frees, the key above all, can then be pulled at once.
    session.settlements.flush()
    if (session.intake.suspect !== undefined) this.#runSuspect(session)
    session.intake.refill()
    this.#announceQuiet()
  }

  #startWhatFits(session: SourceSession): void {
    if (this.#isStarting) return
    this.#isStarting = true
    const before = currentCause()
    const { concurrency } = this.task
    this.#reporter.refresh()
    let delivery: Delivery | undefined
    while (this.#slots < concurrency && session.intake.size > 0) {
      if (!this.#parts.turn.admit()) {
        this.#parts.turn.defer(() => this.stir())
        break
      }
      // A handler may have paused, closed or cut us; then its intake is empty, or what is left stays where it is.
      if (this.#isPaused || this.#closing !== undefined) break
      delivery = session.intake.shift()
      if (delivery !== undefined) this.#start(delivery)
    }
    if (delivery !== undefined) enterCause(before)
    this.#isStarting = false
  }

  #start(delivery: Delivery): void {
    const message = new DeliveredMessage<unknown>(delivery.message, this.task.subscription.topic)
    const run = new Run(delivery, this.subscription, message, this.#parts.publisher)
    this.#reporter.started(delivery)
    this.#slots++
    enterCause(run)
    let result: unknown
    try {
      result = this.task.invoke(message, run)
      if (
        typeof result === 'object' &&
        result !== null &&
        typeof (result as PromiseLike<unknown>).then === 'function'
      ) {
        this.#runs.add(run, this.#parts.turn.now)
        const promise = result instanceof Promise ? result : Promise.resolve(result as PromiseLike<unknown>)
        promise.then(
          value => this.#resolved(run, value),
          error => this.#rejected(run, error),
        )
        return
      }
    } catch (error) {
      return this.#end(run, this.#judgeThrown(run, error))
    }
    this.#end(run, result === undefined ? ACK : this.#judgeResult(run, result))
  }

  #runSuspect(session: SourceSession): void {
    const { suspect } = session.intake
    if (suspect === undefined || this.#suspectRun !== 'none' || this.#isPaused || this.#closing !== undefined) return
    if (this.#slots > 0 || session.intake.size > 0 || !session.settlements.isIdle) return
    const verdict = judgeSuspect(suspect, this.#parts.environment.clock.now())
    if (verdict !== undefined) {
      session.intake.suspect = undefined
      this.#settle(suspect, verdict)
      return this.stir()
    }
    this.#suspectRun = 'marking'
    session.mark(suspect).then(
      () => this.#marked(session, suspect),
      error => this.#notMarked(session, suspect, error),
    )
  }

  #marked(session: SourceSession, suspect: Delivery): void {
    if (this.#follower.session !== session || session.intake.suspect !== suspect) return
    session.intake.suspect = undefined
    if (this.#closing !== undefined) {
      this.#suspectRun = 'none'
      return this.stir()
    }
    this.#suspectRun = 'running'
    this.#reporter.refresh()
    this.#reporter.suspect(suspect)
    const before = currentCause()
    this.#start(suspect)
    enterCause(before)
    this.stir()
  }

  #notMarked(session: SourceSession, suspect: Delivery, error: unknown): void {
    if (this.#follower.session !== session) return
    this.#suspectRun = 'none'
    // Without a durable mark it must not run; given back, it comes again.
    session.intake.suspect = undefined
    this.#parts.environment.logger.warn(
      { error, id: suspect.message.id },
      'A suspect could not be marked; it is given back.',
    )
    this.#settle(suspect, RELEASE)
    this.stir()
  }

  /** Nothing else is settled between the start of a suspect and its own end. */
  #suspectSettled(): void {
    if (this.#suspectRun === 'running' && this.#slots === 0) this.#suspectRun = 'none'
  }

  #resolved(run: Run, value: unknown): void {
    if (!run.hasSlot) return
    this.#end(run, run.failure === undefined ? this.#judgeResult(run, value) : this.#judgeTimeout(run))
  }

  #rejected(run: Run, error: unknown): void {
    if (!run.hasSlot) {
      const details = { error, id: run.stored.id, subscription: this.subscription }
      return this.#parts.environment.logger.debug(details, 'An abandoned handler has failed at last.')
    }
    this.#end(run, run.failure === undefined ? this.#judgeThrown(run, error) : this.#judgeTimeout(run))
  }

  #judgeResult(run: Run, value: unknown): Verdict {
    if (!isOutcome(value)) return ACK
    return judgeOutcome(this.#retry, run.attempt, value, this.#parts.turn.wall)
  }

  #judgeThrown(run: Run, thrown: unknown): Verdict {
    const time = this.#parts.turn.wall
    if (run.message.isUnreadable(thrown)) return judgeUnreadable(thrown, run.attempt, time)
    return judgeFailure(this.#retry, run.attempt, thrown, time)
  }

  #judgeTimeout(run: Run): Verdict {
    return judgeFailure(this.#retry, run.attempt, run.failure, this.#parts.turn.wall)
  }

  get #retry() {
    return this.task.subscription.spec.retry
  }

  /** A run has ended, one way or another: its slot is free, and its verdict goes where its delivery is now. */
  #end(run: Run, verdict: Verdict): void {
    run.list?.remove(run)
    run.hasSlot = false
    this.#slots--
    const meant = run.isForsaken ? RELEASE : verdict
    if (run.tie === 'held') this.#settle(run.delivery, meant)
    else if (run.tie === 'orphaned') this.#orphans.ended(run.delivery, meant)
    else this.#orphans.forget(run.delivery)
    if (run.tie !== 'held') this.#suspectSettled()
    if (!this.#isStarting) this.stir()
  }

  #settle(delivery: Delivery, verdict: Verdict): void {
    this.#follower.session?.settle(delivery, verdict)
  }

  #timedOut(run: Run): void {
    const { timeout } = this.task.subscription.spec
    const message = `The handler of ${this.topic}/${this.subscription} has run longer than its timeout of ${timeout} ms.`
    run.failure = new PluribusError('TIMEOUT', message, { details: { timeout } })
    this.#overdue.add(run, this.#parts.environment.clock.monotonic())
    run.abort(run.failure)
  }

  #abandoned(run: Run): void {
    this.#reporter.abandoned(run.delivery)
    this.#end(run, this.#judgeTimeout(run))
  }

  #reattach(run: Run, delivery: Delivery): void {
    // The signal has told the handler to stop: it is not trusted to finish under the new token.
    if (run.isAborted && run.failure === undefined) run.isForsaken = true
    run.delivery = delivery
    run.tie = 'held'
    this.#parts.environment.logger.debug(
      { id: delivery.message.id },
      'A delivery has come back to the run that held it.',
    )
  }

  #takenAway(run: Run): void {
    run.tie = 'lost'
    this.#orphans.addRun(run, Number.POSITIVE_INFINITY)
    this.#leaseEnded(run)
  }

  #leaseEnded(run: Run): void {
    this.#reporter.lost(run.delivery)
    run.tie = 'lost'
    run.abort(
      new PluribusError('STALE', `The lease of message ${run.stored.id} was lost; somebody else may handle it now.`),
    )
  }

  async #close(drain: number): Promise<void> {
    const { timers } = this.#parts.environment
    this.#follower.stop()
    if (this.#slots > 0) await this.#becomesQuiet(drain)
    for (const list of [this.#runs, this.#overdue]) {
      for (const run of list) {
        run.isForsaken = true
        run.abort(new PluribusError('CLOSED', 'The consumer is closing and waits no longer.'))
      }
    }
    await this.#follower.finish(timers, CLOSE_LIMIT)
    this.#runs.stop()
    this.#overdue.stop()
    this.#orphans.stop()
  }

  /** Resolves when no handler runs and everything is settled, or after `ms` milliseconds. */
  #becomesQuiet(ms: number): Promise<void> {
    return new Promise(resolve => {
      const timer = this.#parts.environment.timers.setTimeout(resolve, ms)
      this.#quiet.add(() => {
        this.#parts.environment.timers.clearTimeout(timer)
        resolve()
      })
    })
  }

  #announceQuiet(): void {
    if (this.#slots > 0 || this.#quiet.size === 0) return
    for (const resolve of this.#quiet) resolve()
    this.#quiet.clear()
  }
}
