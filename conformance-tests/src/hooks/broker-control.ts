/**
 * A broker process that belongs to the suite alone.
 *
 * @example
 * ```ts
 * import type { BrokerControl } from '@pluribus/conformance'
 *
 * const restart = async (broker: BrokerControl) => {
 *   await broker.kill()
 *   await broker.start()
 * }
 * ```
 */
export interface BrokerControl {
  /** Starts it; resolves when it accepts connections. On what it has stored. */
  start(): Promise<void>
  /** Asks it to end; resolves when it has. */
  stop(): Promise<void>
  /** Ends it at once, as a power cut of the process does. */
  kill(): Promise<void>
  /** Stops its processes where they are, without closing anything. */
  freeze(): Promise<void>
  /** Ends {@link freeze}. */
  resume(): Promise<void>
  /** Deletes what it has stored, while it is stopped. */
  wipe?(): Promise<void>
  readonly isRunning: boolean
}
