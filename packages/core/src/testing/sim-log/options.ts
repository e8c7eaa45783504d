import type { SimLogServer } from '../sim-log-server/sim-log-server.js'

/**
 * How a sim-log adapter is configured.
 *
 * @example
 * ```ts
 * import { type SimLogOptions, SimLogServer, simLog, VirtualClock } from '@pluribus/core/testing'
 *
 * const server = new SimLogServer({ clock: new VirtualClock() })
 * const options: SimLogOptions = { server }
 * export const adapter = simLog(options)
 * ```
 */
export interface SimLogOptions {
  /** The broker behind it: the same one for everybody who is to see the same messages. */
  readonly server: SimLogServer
  /** What errors and logs call the adapter. Default: `sim-log`. */
  readonly name?: string
}
