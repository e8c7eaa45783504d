import type { Clock, Timers } from '@pluribus/core/driver'

/**
 * The time of a case: the platform's, or a virtual one.
 *
 * @example
 * ```ts
 * import type { TargetTime } from '@pluribus/conformance'
 *
 * const later = ({ timers }: TargetTime, callback: () => void) => timers.setTimeout(callback, 1_000)
 * ```
 */
export interface TargetTime {
  readonly clock: Clock
  readonly timers: Timers
}
