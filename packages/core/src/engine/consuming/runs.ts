import type { Clock, Environment } from '../../driver/environment.js'
import type { Run } from './run.js'
import { RunList } from './run-list.js'

/** How long runs may take, and who is told when they take longer. */
export interface RunLimits {
  /** Milliseconds. */
  readonly timeout: number
  /** Milliseconds beyond the timeout. */
  readonly grace: number
  timedOut(run: Run): void
  abandoned(run: Run): void
}

/** Every run under way: the one that is just being started, those within their timeout, and those that have outlived it. */
export class Runs {
  readonly #timely: RunList
  readonly #overdue: RunList
  readonly #clock: Clock
  /** Some have been added whose time is not known. */
  #isUndated = false
  /** The one whose handler has not returned yet: it may return nothing, and never be listed. */
  starting: Run | undefined

  constructor(environment: Environment, limits: RunLimits) {
    this.#clock = environment.clock
    this.#timely = new RunList(environment, limits.timeout, run => {
      const now = environment.clock.monotonic()
      run.course.earlier = now - run.course.startedAt
      this.#overdue.add(run)
      this.#overdue.date(now)
      limits.timedOut(run)
    })
    this.#overdue = new RunList(environment, limits.grace, limits.abandoned)
  }

  /** The run goes on asynchronously; its time counts from the next `date`. */
  add(run: Run): void {
    this.#timely.add(run)
    this.#isUndated = true
  }

  /** One look at the clock for all runs that have begun in one stretch of code. */
  date(): void {
    if (this.#isUndated) this.#timely.date(this.#clock.monotonic())
    this.#isUndated = false
  }

  *[Symbol.iterator](): Iterator<Run> {
    if (this.starting !== undefined) yield this.starting
    yield* this.#timely
    yield* this.#overdue
  }

  stop(): void {
    this.#timely.stop()
    this.#overdue.stop()
  }
}
