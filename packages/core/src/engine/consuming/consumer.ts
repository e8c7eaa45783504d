import type { Delivery } from '../../driver/subscriber.js'
import { PluribusError } from '../../errors/pluribus-error.js'
import type { CloseOptions, ConsumerHandle } from '../../model/broker.js'
import { isOutcome } from '../../model/outcome.js'
import { drainOf } from '../arguments.js'
import { CauseScope } from '../chain.js'
import { CLOSE_LIMIT, Deadline } from '../deadline.js'
import { isThenable } from '../is-thenable.js'
import type { ConsumerParts, ConsumerTask } from './consumer-parts.js'
import { ConsumerReporter } from './consumer-reporter.js'
import { DeliveredMessage } from './delivered-message.js'
import { roomOf } from './demand.js'
import { OrphanKeeper } from './orphan-keeper.js'
import { ACK, judgeFailure, judgeOutcome, judgeUnreadable, RELEASE, type Verdict } from './policy.js'
import { Run, type RunOwner } from './run.js'
import { Runs } from './runs.js'
import type { Ended } from './settlements.js'
import { SourceFollower } from './source-follower.js'
import type { SessionOwner, SourceSession } from './source-session.js'
import { type SuspectOwner, Suspects } from './suspects.js'

const RETURNED_FUNCTION = new PluribusError(
  'HANDLER_FAILED',
  'The handler returned a function. Call it: return retry(), reject(reason) or release().',
)

/** Says of a handler that it goes on asynchronously. */
const RUNNING = Symbol('running')

/**
 * One subscription at work in this process: starts handlers while there are free slots, judges how they end, and settles.
 * Outlives the generations of its source.
 */
export class Consumer implements ConsumerHandle, SessionOwner, SuspectOwner {
  readonly topic: string
  readonly subscription: string
  readonly task: ConsumerTask
  readonly #parts: ConsumerParts
  readonly #runOwner: RunOwner
  readonly #scope = new CauseScope<Run>(run => this.#invoke(run))
  readonly #reporter: ConsumerReporter
  readonly #follower: SourceFollower
  readonly #orphans: OrphanKeeper
  readonly #runs: Runs
  readonly #suspects: Suspects
  readonly #quiet = new Set<() => void>()
  #slots = 0
  #isStirred = false
  #isPaused = false
  #closing: Promise<void> | undefined

  constructor(parts: ConsumerParts, task: ConsumerTask) {
    const { spec } = task.subscription
    this.topic = spec.topic
    this.subscription = spec.name
    this.task = task
    this.#parts = parts
    this.#runOwner = { subscription: spec.name, publisher: parts.publisher }
    this.#reporter = new ConsumerReporter(parts.emitter, spec, parts.environment)
    this.#orphans = new OrphanKeeper(parts.environment, parts.lease, run => this.#leaseEnded(run))
    this.#runs = new Runs(parts.environment, {
      timeout: spec.timeout,
      grace: spec.grace,
      timedOut: run => this.#timedOut(run),
      abandoned: run => this.#abandoned(run),
    })
    this.#suspects = new Suspects(parts.environment, this)
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
    // What has been fetched is not kept from others for as long as the pause lasts.
    this.stir()
  }

  resume(): void {
    this.#isPaused = false
    this.stir()
  }

  async close(options?: CloseOptions): Promise<void> {
    const drain = drainOf(options)
    await this.closeBy(drain, Deadline.after(this.#parts.environment.clock, drain + CLOSE_LIMIT))
  }

  /** The first to close it says how long that may take: others wait for the same end. */
  closeBy(drain: number, deadline: Deadline): Promise<void> {
    this.#closing ??= this.#close(drain, deadline)
    return this.#closing
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  wanted(returning: number, isDue: boolean): number {
    if (this.#suspects.isBusy) return 0
    // What comes back was ours all the time. It may belong to a run that has a slot, and is fetched before its lease ends
    // even where nothing may start: then it is given back.
    return Math.max(returning, this.mayStart() ? this.#room(isDue) : 0)
  }

  #room(isDue: boolean): number {
    const { intake, settlements } = this.#follower.session ?? {}
    return roomOf(this.task, {
      running: this.#slots,
      buffered: intake?.size ?? 0,
      lingering: (settlements?.size ?? 0) + (intake?.aside ?? 0),
      isDue,
    })
  }

  isAdopting(): boolean {
    return !this.#orphans.isEmpty
  }

  adopt(delivery: Delivery): boolean {
    const orphan = this.#orphans.claim(delivery)
    if (orphan === undefined) return false
    if ('verdict' in orphan) this.settle(delivery, orphan.verdict)
    else this.#reattach(orphan.run, delivery)
    return true
  }

  running(): readonly Delivery[] {
    const held: Delivery[] = []
    for (const run of this.#runs) if (run.tie === 'held') held.push(run.delivery)
    return held
  }

  mayStart(): boolean {
    return !this.#isPaused && this.#closing === undefined
  }

  isStill(): boolean {
    return this.#slots === 0
  }

  stir(): void {
    if (this.#isStirred) return
    this.#isStirred = true
    // A microtask: whatever else ends in this stretch of code is settled in the same batch.
    queueMicrotask(this.#work)
  }

  settled(deliveries: readonly Delivery[], others: readonly Ended[]): void {
    if (deliveries.length + others.length > 0) this.#suspects.settled()
    this.#reporter.settled(deliveries, others)
  }

  stale(delivery: Delivery): void {
    this.#suspects.settled()
    this.#reporter.stale(delivery)
  }

  lost(isLost: (delivery: Delivery) => boolean, buffered: readonly Delivery[]): void {
    for (const delivery of buffered) this.#reporter.lost(delivery)
    for (const run of this.#runs) if (run.tie === 'held' && isLost(run.delivery)) this.#takenAway(run)
  }

  over(session: SourceSession, cause: unknown): void {
    this.#follower.over(session, cause)
  }

  opened(): void {
    this.#orphans.up()
    this.stir()
  }

  /** The session has ended: what runs becomes an orphan, and so does what was not surely settled. */
  orphan(session: SourceSession): void {
    const until = session.safeUntil
    this.#orphans.down()
    for (const ended of session.abandon()) {
      this.#orphans.addVerdict(ended.delivery, ended.verdict, until)
      this.#reporter.unconfirmed(ended)
    }
    for (const run of this.#runs) {
      if (run.tie !== 'held') continue
      run.tie = 'orphaned'
      this.#orphans.addRun(run, until)
    }
    this.#suspects.reset()
  }

  startSuspect(suspect: Delivery): void {
    this.#reporter.refresh()
    this.#reporter.suspect(suspect)
    this.#start(suspect)
    this.#runs.date()
  }

  settle(delivery: Delivery, verdict: Verdict): void {
    this.#follower.session?.settle(delivery, verdict)
  }

  readonly #work = (): void => {
    this.#isStirred = false
    const session = this.#follower.session
    if (session === undefined) return this.#announceQuiet()
    this.#startWhatFits(session)
    if (!this.mayStart()) session.giveBack()
    // Settle before pulling: what a settle frees, the key above all, can then be pulled at once.
    session.settlements.flush()
    this.#suspects.run(session)
    session.intake.refill()
    this.#announceQuiet()
  }

  #startWhatFits(session: SourceSession): void {
    const { concurrency } = this.task
    this.#reporter.refresh()
    while (this.#slots < concurrency && session.intake.size > 0) {
      if (!this.#parts.turn.admit()) {
        this.#parts.turn.defer(() => this.stir())
        break
      }
      // Paused, closed or cut, by a handler perhaps: then the intake is empty, or what is left is given back.
      if (!this.mayStart()) break
      const delivery = session.intake.shift()
      if (delivery !== undefined) this.#start(delivery)
    }
    this.#runs.date()
  }

  #start(delivery: Delivery): void {
    const message = new DeliveredMessage<unknown>(delivery.message, this.task.subscription.topic)
    const run = new Run(delivery, message, this.#runOwner)
    this.#reporter.started(delivery)
    this.#slots++
    this.#runs.starting = run
    let result: unknown
    try {
      result = this.#scope.begin(run)
    } catch (error) {
      this.#runs.starting = undefined
      return this.#end(run, this.#judgeThrown(run, error))
    }
    if (result === undefined) this.#end(run, ACK)
    else if (result !== RUNNING) this.#end(run, this.#judgeResult(run, result))
  }

  /** Runs in the context of the run: whatever `then` of what a handler has returned may begin belongs to it too. */
  #invoke(run: Run): unknown {
    const result = this.task.invoke(run.message, run)
    this.#runs.starting = undefined
    if (!isThenable(result)) return result
    this.#runs.add(run)
    const promise = result instanceof Promise ? result : Promise.resolve(result)
    promise.then(
      value => this.#resolved(run, value),
      error => this.#rejected(run, error),
    )
    return RUNNING
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
    try {
      if (isOutcome(value)) return judgeOutcome(this.#retry, run.attempt, value, this.#parts.turn.wall)
      // `return retry` without the call must not pass for success.
      return typeof value === 'function' ? this.#judgeThrown(run, RETURNED_FUNCTION) : ACK
    } catch (error) {
      // What was returned cannot even be looked at, such as a proxy with a trap that throws.
      return this.#judgeThrown(run, error)
    }
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
    // A process that slept has timers that are all late: a handler's must not come before that of its lease.
    this.#follower.session?.expire(this.#parts.turn.now)
    run.unlist()
    run.hasSlot = false
    this.#slots--
    const meant = run.isForsaken ? RELEASE : verdict
    this.#reporter.ended(run, meant)
    if (run.tie === 'held') this.settle(run.delivery, meant)
    else if (run.tie === 'orphaned') this.#orphans.ended(run.delivery, meant)
    else this.#orphans.forget(run.delivery)
    if (run.tie !== 'held') this.#suspects.settled()
    this.stir()
  }

  #timedOut(run: Run): void {
    const { timeout } = this.task.subscription.spec
    const message = `The handler of ${this.topic}/${this.subscription} has run longer than its timeout of ${timeout} ms.`
    run.course.failure = new PluribusError('TIMEOUT', message, { details: { timeout } })
    run.abort(run.course.failure)
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
    if (delivery.suspect) this.#suspects.resumed()
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

  async #close(drain: number, deadline: Deadline): Promise<void> {
    this.#follower.stop()
    this.stir()
    await this.#becomesQuiet(drain)
    for (const run of this.#runs) this.#forsake(run)
    await this.#follower.finish(deadline)
    this.#runs.stop()
    this.#orphans.stop()
    this.#suspects.reset()
  }

  /** Waits no longer for a run: its message is given back, unless the run has failed by its timeout already. */
  #forsake(run: Run): void {
    if (run.failure !== undefined) return this.#abandoned(run)
    run.isForsaken = true
    run.abort(new PluribusError('CLOSED', 'The consumer is closing and waits no longer.'))
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
