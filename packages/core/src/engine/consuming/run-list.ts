import type { Environment, TimerHandle } from '../../driver/environment.js'
import type { Run } from './run.js'

const UNDATED = Number.POSITIVE_INFINITY

/**
 * Runs in the order of their start, and so of their deadlines: one timer for the oldest, none per message. A run may leave at
 * any time; a timer that finds nothing due looks again when the oldest one is.
 */
export class RunList {
  readonly #environment: Environment
  readonly #limit: number
  readonly #overdue: (run: Run) => void
  #first: Run | undefined
  #last: Run | undefined
  #timer: TimerHandle | undefined
  #size = 0

  constructor(environment: Environment, limit: number, overdue: (run: Run) => void) {
    this.#environment = environment
    this.#limit = limit
    this.#overdue = overdue
  }

  get size(): number {
    return this.#size
  }

  /** Adds a run that has just started: when, `date` says, before the loop turns. */
  add(run: Run): void {
    const { course } = run
    course.startedAt = UNDATED
    course.list = this
    course.previous = this.#last
    course.next = undefined
    if (this.#last === undefined) this.#first = run
    else this.#last.course.next = run
    this.#last = run
    this.#size++
    if (this.#timer === undefined) this.#arm(this.#limit)
  }

  /** What has been added since the last time started at `now`, monotonic milliseconds, or before: nothing is overdue early. */
  date(now: number): void {
    for (let run = this.#last; run !== undefined && run.course.startedAt === UNDATED; run = run.course.previous)
      run.course.startedAt = now
  }

  remove(run: Run): void {
    const { course } = run
    const { previous, next } = course
    if (previous === undefined) this.#first = next
    else previous.course.next = next
    if (next === undefined) this.#last = previous
    else next.course.previous = previous
    course.previous = undefined
    course.next = undefined
    course.list = undefined
    this.#size--
  }

  *[Symbol.iterator](): Iterator<Run> {
    for (let run = this.#first; run !== undefined; ) {
      const { next } = run.course
      yield run
      run = next
    }
  }

  stop(): void {
    if (this.#timer !== undefined) this.#environment.timers.clearTimeout(this.#timer)
    this.#timer = undefined
  }

  #arm(ms: number): void {
    this.#timer = this.#environment.timers.setTimeout(this.#check, ms)
  }

  readonly #check = (): void => {
    this.#timer = undefined
    const now = this.#environment.clock.monotonic()
    while (this.#first !== undefined && now - this.#first.course.startedAt >= this.#limit) {
      const run = this.#first
      this.remove(run)
      this.#overdue(run)
    }
    // `#overdue` may have started others, and so have armed the timer.
    const first = this.#first
    if (first !== undefined && this.#timer === undefined) this.#arm(first.course.startedAt + this.#limit - now)
  }
}
