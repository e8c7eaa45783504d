/**
 * Where time comes from. Nothing but an environment reads a clock.
 *
 * @example
 * ```ts
 * import type { Clock } from '@pluribus/core/driver'
 *
 * const elapsed = (clock: Clock, since: number) => clock.monotonic() - since
 * ```
 */
export interface Clock {
  /**
   * Wall-clock time, in whole milliseconds since the epoch. The present one has begun already: what is to last 100 ms ends
   * at `now() + 101`. It may jump, and differ from one process to another.
   */
  now(): number
  /**
   * Milliseconds that only ever grow, with fractions, from an arbitrary start; for leases, timeouts and budgets within one
   * process. It means nothing to another one: where a store is shared, and has no server with a clock, keep a time in the store.
   */
  monotonic(): number
}

/**
 * What {@link Timers} hand out, to be cancelled with.
 *
 * @example
 * ```ts
 * import type { TimerHandle, Timers } from '@pluribus/core/driver'
 *
 * const stop = (timers: Timers, handle: TimerHandle | undefined) => handle !== undefined && timers.clearTimeout(handle)
 * ```
 */
export type TimerHandle = unknown

/**
 * The only source of timers.
 *
 * @example
 * ```ts
 * import type { Timers } from '@pluribus/core/driver'
 *
 * const pause = (timers: Timers, ms: number) => new Promise<void>(resolve => timers.setTimeout(resolve, ms))
 * ```
 */
export interface Timers {
  /** Calls back after `ms` milliseconds, or earlier where that is more than a timer can hold: look again at what is due. */
  setTimeout(callback: () => void, ms: number): TimerHandle
  clearTimeout(handle: TimerHandle): void
  /** Calls back after pending I/O and timers have had their turn. */
  setImmediate(callback: () => void): TimerHandle
  clearImmediate(handle: TimerHandle): void
}

/**
 * Where log lines go; pino's loggers satisfy it.
 *
 * @example
 * ```ts
 * import type { Logger } from '@pluribus/core'
 *
 * const quiet: Logger = { debug() {}, info() {}, warn() {}, error() {} }
 * ```
 */
export interface Logger {
  debug(details: object, message: string): void
  info(details: object, message: string): void
  warn(details: object, message: string): void
  error(details: object, message: string): void
}

/**
 * Everything an adapter may know of the world around it.
 *
 * @example
 * ```ts
 * import type { Environment } from '@pluribus/core/driver'
 *
 * const jitter = ({ random }: Environment, ms: number) => ms * (0.5 + random() / 2)
 * ```
 */
export interface Environment {
  readonly clock: Clock
  readonly timers: Timers
  readonly logger: Logger
  /** A number from 0 inclusive to 1 exclusive. */
  random(): number
  /**
   * Names this broker object, across reconnections. A delivery that is lost and comes back to the same instance is not a
   * loss: adapters store it with the lease.
   */
  readonly instance: string
}
