import type { Environment } from '../driver/environment.js'

/** How long one turn of the event loop may be ours, in milliseconds: timers and I/O of the application wait that long. */
const BUDGET = 1
/** The same, while fewer deliveries were started in this turn than messages were published. */
const CATCHING_UP = 2
/** Publishes per turn: a synchronous loop of publishes must let consumers in, or the backlog leaves the cache. */
const PUBLISHES = 1_024
/** Units of work between two looks at the clock, while each is short. */
const STRIDE = 16

/**
 * The turn budget of one broker, shared by publish flushes and dispatch, so that a synchronous handler with a long backlog
 * never starves timers and I/O. Also keeps the time of the turn, because reading the clock per message costs too much.
 */
export class Turn {
  readonly #environment: Environment
  #active = false
  #startedAt = 0
  #credit = STRIDE
  /** Units until the next look: what was slow in one turn will be slow in the next. */
  #stride = STRIDE
  /** The budget is used up: nothing more is admitted in this turn, however often somebody asks again in a microtask. */
  #isSpent = false
  #published = 0
  /** Units of work admitted in this turn. */
  #worked = 0
  #deferred: (() => void)[] = []
  #now = 0
  #wall = 0

  constructor(environment: Environment) {
    this.#environment = environment
  }

  /** Monotonic time, as of the last look at the clock in this turn. */
  get now(): number {
    if (!this.#active) this.#begin()
    return this.#now
  }

  /** Wall-clock time in milliseconds since the epoch, as of the last look at the clock in this turn. */
  get wall(): number {
    if (!this.#active) this.#begin()
    return this.#wall
  }

  /** Whether one more unit of work fits into this turn. */
  admit(): boolean {
    if (!this.#active) this.#begin()
    if (this.#isSpent || (--this.#credit <= 0 && !this.#look())) return false
    this.#worked++
    return true
  }

  /** Whether a batch of publishes fits into this turn; the first always does. */
  admitPublishes(count: number): boolean {
    if (!this.#active) this.#begin()
    const before = this.#published
    if (before > 0 && (this.#isSpent || before + count > PUBLISHES || this.#elapsed() >= BUDGET)) return false
    this.#published = before + count
    return true
  }

  /** Runs the task in the next turn. */
  defer(task: () => void): void {
    if (!this.#active) this.#begin()
    this.#deferred.push(task)
  }

  #begin(): void {
    this.#active = true
    // The clock is read here: the first look comes after a whole stride.
    this.#credit = this.#stride + 1
    this.#published = 0
    this.#worked = 0
    this.#isSpent = false
    this.#read()
    this.#startedAt = this.#now
    this.#environment.timers.setImmediate(this.#end)
  }

  #read(): void {
    this.#now = this.#environment.clock.monotonic()
    this.#wall = this.#environment.clock.now()
  }

  /** Looks at the clock; where the last stride was slow, the next look comes after every single unit. */
  #look(): boolean {
    const before = this.#now
    const elapsed = this.#elapsed()
    this.#stride = this.#now - before > BUDGET / 4 ? 1 : STRIDE
    this.#credit = this.#stride
    this.#isSpent = elapsed >= (this.#worked < this.#published ? CATCHING_UP : BUDGET)
    return !this.#isSpent
  }

  #elapsed(): number {
    this.#read()
    return this.#now - this.#startedAt
  }

  readonly #end = (): void => {
    this.#active = false
    const tasks = this.#deferred
    if (tasks.length === 0) return
    this.#deferred = []
    for (const task of tasks) task()
  }
}
