import type { Environment } from '../../driver/environment.js'
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
  /** The one whose handler has not returned yet: it may return nothing, and never be listed. */
  starting: Run | undefined

  constructor(environment: Environment, limits: RunLimits) {
    this.#timely = new RunList(environment, limits.timeout, run => {
      this.#overdue.add(run, environment.clock.monotonic())
      limits.timedOut(run)
    })
    this.#overdue = new RunList(environment, limits.grace, limits.abandoned)
  }

  /** The run goes on asynchronously, since `now`, monotonic milliseconds. */
  add(run: Run, now: number): void {
    this.#timely.add(run, now)
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
