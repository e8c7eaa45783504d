/**
 * What a log knows of the world beside its disk. An `Environment` of `@pluribus/core/driver` is one.
 *
 * @example
 * ```ts
 * import type { LogEnvironment } from '@pluribus/commit-log'
 *
 * const environment: LogEnvironment = {
 *   clock: { now: () => Date.now(), monotonic: () => performance.now() },
 *   timers: { setImmediate: callback => setImmediate(callback) },
 *   random: () => Math.random(),
 * }
 * ```
 */
export interface LogEnvironment {
  readonly clock: {
    /** Milliseconds since the epoch; may jump. */
    now(): number
    /** Milliseconds that only ever grow. */
    monotonic(): number
  }
  readonly timers: {
    /** Calls back after pending I/O has had its turn. */
    setImmediate(callback: () => void): unknown
  }
  /** A number from 0 inclusive to 1 exclusive. */
  random(): number
}
