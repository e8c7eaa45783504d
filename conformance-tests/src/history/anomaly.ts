/**
 * Something that a history shows and that must not be.
 *
 * @example
 * ```ts
 * import type { Anomaly } from '@pluribus/conformance'
 *
 * const report = (anomalies: readonly Anomaly[]) => anomalies.map(({ check, message }) => `${check}: ${message}`)
 * ```
 */
export interface Anomaly {
  /** Which check has found it: `lost`, `duplicated`, … */
  readonly check: string
  readonly message: string
  /** The positions of the events that show it. */
  readonly events: readonly number[]
}
