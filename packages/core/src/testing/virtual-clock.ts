import type { Clock, Environment, Timers } from '../driver/environment.js'
import { seededRandom } from './seeded-random.js'
import { type Due, VirtualTimers } from './virtual-timers.js'

/** Captured at load, so that a test runner's fake timers cannot stop the clock. */
const realImmediate = setImmediate
const realNow = performance.now.bind(performance)

/** Milliseconds that this process has had of the processor. */
function worked(): number {
  const { user, system } = process.cpuUsage()
  return (user + system) / 1_000
}
/** All microtasks run before a real immediate does; only code that hops by itself needs more than one. */
const QUIET_HOPS = 3
const hop = (): Promise<void> => new Promise(resolve => realImmediate(resolve))

/**
 * How a {@link VirtualClock} starts.
 *
 * @example
 * ```ts
 * import { VirtualClock, type VirtualClockOptions } from '@pluribus/core/testing'
 *
 * const options: VirtualClockOptions = { seed: 42 }
 * const clock = new VirtualClock(options)
 * ```
 */
export interface VirtualClockOptions {
  /** The wall clock at the start, in milliseconds since the epoch. Default: 2026-01-01T00:00:00Z. */
  readonly start?: number
  /** The seed of `environment().random`. Default: 1. */
  readonly seed?: number
  /** Callbacks that may run without time moving before it counts as a livelock. Default: 100,000. */
  readonly callbacksPerInstant?: number
  /**
   * Milliseconds of the processor that the work of one instant of virtual time may take before it counts as a livelock. Time in which this
   * process does not get the processor is not counted. Default: 30,000.
   */
  readonly workPerInstant?: number
}

/**
 * How long {@link VirtualClock.until} and {@link VirtualClock.run} wait.
 *
 * @example
 * ```ts
 * import type { WaitOptions } from '@pluribus/core/testing'
 *
 * const soon: WaitOptions = { within: 5_000, what: 'the order to be paid' }
 * ```
 */
export interface WaitOptions {
  /** Virtual milliseconds. Default: 60,000. */
  readonly within?: number
  /** What is waited for, for the error. Default: the condition's source. */
  readonly what?: string
}

/**
 * Time that moves only when a test says so. Everything that `environment()` is given to runs in virtual time; real
 * time passes only for computing. Promises are followed to their end, real I/O is not: what waits for a disk or a
 * socket is not quiet, only slow, and wants a simulated one.
 *
 * The clock is driven by one caller at a time: a handler that wants to take time awaits `sleep`, not `advance`.
 * A callback that throws rejects the call that drove it, and the clock can be driven on.
 *
 * @example
 * ```ts
 * import { createBroker } from '@pluribus/core'
 * import { VirtualClock } from '@pluribus/core/testing'
 *
 * const clock = new VirtualClock()
 * const broker = await clock.run(createBroker({ adapter: 'memory:', environment: clock.environment() }))
 * await clock.advance(30_000)
 * await clock.run(broker.close())
 * ```
 */
export class VirtualClock implements Clock {
  readonly #timers = new VirtualTimers(() => this.#elapsed)
  readonly #random: () => number
  readonly #perInstant: number
  readonly #workPerInstant: number
  #wall: number
  #elapsed = 0
  #ranAtThisInstant = 0
  /** Since when, in real time, this instant lasts. */
  #since = 0
  /** What `worked` said then. */
  #workedBefore = 0
  #driving = false

  constructor(options: VirtualClockOptions = {}) {
    const { start = Date.UTC(2026, 0, 1), seed = 1, callbacksPerInstant = 100_000, workPerInstant = 30_000 } = options
    this.#wall = start
    this.#random = seededRandom(seed)
    this.#perInstant = callbacksPerInstant
    this.#workPerInstant = workPerInstant
  }

  /** The wall clock: whole milliseconds since the epoch. */
  now(): number {
    return Math.floor(this.#wall + this.#elapsed)
  }

  /** Virtual milliseconds since the clock was made. */
  monotonic(): number {
    return this.#elapsed
  }

  /** Moves the wall clock alone, forwards or backwards, as an administrator or NTP would. No timer notices. */
  jumpWall(ms: number): void {
    this.#wall += ms
  }

  get timers(): Timers {
    return this.#timers
  }

  /** Timers that wait, for leak checks. */
  get pendingTimers(): number {
    return this.#timers.pending
  }

  /**
   * What `createBroker({ environment })` takes. All environments of one clock draw from one stream of random numbers, so
   * that two brokers never draw the same ones.
   */
  environment(overrides: Partial<Environment> = {}): Partial<Environment> {
    return { clock: this, timers: this.#timers, random: this.#random, ...overrides }
  }

  /** Resolves after `ms` virtual milliseconds; rejects with the signal's reason as soon as it aborts. */
  sleep(ms: number, signal?: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      const abort = () => {
        this.#timers.clearTimeout(timer)
        reject(signal?.reason)
      }
      const timer = this.#timers.setTimeout(() => {
        signal?.removeEventListener('abort', abort)
        resolve()
      }, ms)
      if (signal?.aborted === true) abort()
      else signal?.addEventListener('abort', abort, { once: true })
    })
  }

  /**
   * Moves time by `ms`, running every timer that becomes due on the way, in order of time, then of creation. After each
   * one, microtasks and immediates run until nothing new is queued. Ends exactly `ms` later.
   */
  async advance(ms: number): Promise<void> {
    if (!(ms >= 0 && ms < Number.POSITIVE_INFINITY)) throw new RangeError(`Time cannot be advanced by ${ms} ms.`)
    await this.#drive(async () => {
      const end = this.#elapsed + ms
      await this.#quiet()
      let ran = true
      while (ran) ran = await this.#runNext(end)
      this.#moveTo(end)
    })
  }

  /** Runs microtasks and immediates until nothing new is queued, without moving time. Timers, even due ones, wait. */
  async settle(): Promise<void> {
    await this.#drive(() => this.#quiet())
  }

  /**
   * Advances from timer to timer until the condition holds. It is looked at before the first, after each, and at the end
   * of `within`. Rejects when that has passed, or when no timer is left that could change anything; the error lists
   * the timers that are pending.
   */
  async until(condition: () => boolean, options: WaitOptions = {}): Promise<void> {
    const { within = 60_000, what = String(condition) } = options
    await this.#drive(async () => {
      const start = this.#elapsed
      const end = start + within
      await this.#quiet()
      while (!condition()) {
        if (await this.#runNext(end)) continue
        const isOver = this.#timers.pending > 0
        if (isOver) this.#moveTo(end)
        if (isOver && condition()) return
        const reason = isOver ? `Not within ${within} ms` : `No timer is left after ${this.#elapsed - start} ms`
        throw new Error(`${reason} of virtual time: ${what}\n${this.#timers.describe()}`)
      }
    })
  }

  /** Advances until the promise settles, and settles like it. Rejects as {@link until} does. */
  async run<T>(promise: PromiseLike<T>, options: WaitOptions = {}): Promise<T> {
    let isSettled = false
    const finish = () => {
      isSettled = true
    }
    promise.then(finish, finish)
    await this.until(() => isSettled, { what: 'the promise given to run() settles', ...options })
    return await promise
  }

  /** Runs the next timer that is due by `end`; answers whether there was one. */
  async #runNext(end: number): Promise<boolean> {
    const at = this.#timers.nextAt
    if (at === undefined || at > end) return false
    this.#moveTo(at)
    this.#call(this.#timers.takeTimer())
    await this.#quiet()
    return true
  }

  #moveTo(time: number): void {
    if (time === this.#elapsed) return
    this.#elapsed = time
    this.#begin()
  }

  #begin(): void {
    this.#ranAtThisInstant = 0
    this.#since = realNow()
    this.#workedBefore = worked()
  }

  async #quiet(): Promise<void> {
    let created = -1
    for (let hops = 0; hops < QUIET_HOPS; hops++) {
      await hop()
      const immediate = this.#timers.takeImmediate()
      if (immediate !== undefined) this.#call(immediate)
      if (immediate === undefined && created === this.#timers.created) continue
      created = this.#timers.created
      hops = 0
    }
  }

  #call(due: Due | undefined): void {
    if (++this.#ranAtThisInstant > this.#perInstant || this.#isEndless()) {
      const ran = `${this.#ranAtThisInstant - 1} callbacks ran at ${this.#elapsed} ms of virtual time and there are more`
      throw new Error(`Livelock: ${ran}; the last one was ${String(due?.callback).slice(0, 200)}`)
    }
    due?.resume(due.callback)
  }

  /** The cheap look first. On a busy machine much time goes by in which nothing is done. */
  #isEndless(): boolean {
    const limit = this.#workPerInstant
    return realNow() - this.#since > limit && worked() - this.#workedBefore > limit
  }

  async #drive(steps: () => Promise<void>): Promise<void> {
    if (this.#driving)
      throw new Error('The virtual clock is being driven already. To take time, await clock.sleep(ms).')
    this.#driving = true
    this.#begin()
    try {
      await steps()
    } finally {
      this.#driving = false
    }
  }
}
