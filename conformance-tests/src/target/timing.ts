/**
 * How fast a target is, in milliseconds. Cases take every duration from here. Upper bounds are generous: they only cost
 * time where something is wrong. Lower bounds are strict: "not before" is judged against the adapter's own promises.
 *
 * @example
 * ```ts
 * import { type Timing, VIRTUAL_TIMING } from '@pluribus/conformance'
 *
 * const patient: Timing = { ...VIRTUAL_TIMING, recover: 120_000 }
 * ```
 */
export interface Timing {
  /** The most that may pass from a publish to the begin of its run. */
  readonly arrive: number
  /** The most that may pass from the moment at which a message may come back (a retry is due, a lease is over) to its run. */
  readonly redeliver: number
  /** The lease that cases ask for: at least 100. */
  readonly lease: number
  /**
   * The delay that cases use for retries and for delayed messages: several times the adapter's tick, and, where it has ordering
   * keys, a fraction of its `limits.hold`.
   */
  readonly delay: number
  /** The handler timeout that cases give where a handler is to outlive it. */
  readonly timeout: number
  /** The most that may pass from the end of an outage until messages flow again. */
  readonly recover: number
  /** The most that closing may take. */
  readonly close: number
  /** How long nothing must happen where there is no better proof of silence. */
  readonly quiet: number
}

/**
 * For targets in virtual time, where waiting costs nothing.
 *
 * @example
 * ```ts
 * import { VIRTUAL_TIMING } from '@pluribus/conformance'
 *
 * const slowLease = { ...VIRTUAL_TIMING, lease: 60_000 }
 * ```
 */
export const VIRTUAL_TIMING: Timing = Object.freeze({
  arrive: 2_000,
  redeliver: 2_000,
  lease: 30_000,
  delay: 1_000,
  timeout: 5_000,
  recover: 60_000,
  close: 15_000,
  quiet: 2_000,
})

/**
 * For a server on this machine, where nothing better is known.
 *
 * @example
 * ```ts
 * import { LOCAL_TIMING } from '@pluribus/conformance'
 *
 * const timing = { ...LOCAL_TIMING, recover: 20_000 }
 * ```
 */
export const LOCAL_TIMING: Timing = Object.freeze({
  arrive: 5_000,
  redeliver: 5_000,
  lease: 1_000,
  delay: 300,
  timeout: 400,
  recover: 15_000,
  close: 8_000,
  quiet: 300,
})
