import type { Adapter, Classified, Connection, ConnectionEvents } from '../../driver/adapter.js'
import type { Capabilities } from '../../driver/capabilities.js'
import type { Environment } from '../../driver/environment.js'
import type { SimLogServer } from '../sim-log-server/sim-log-server.js'
import { capabilitiesOf } from './capabilities.js'
import { LogConnection } from './connection.js'
import { classify } from './errors.js'
import type { SimLogOptions } from './options.js'

/**
 * A small adapter on a {@link SimLogServer}: the log family without a server, in virtual time.
 *
 * **Mapping.** A topic is a channel, a subscription a group that reads it together with a channel of its own, for retries and
 * redrives; its dead letters are in a third one. Topics and subscriptions are declared in a registry log.
 *
 * **Delivery.** At least once. Consumers of a subscription share its partitions. What is done above a partition's floor is
 * stored beside it; where the server has no room for that (`noteBytes: 0`), it is delivered again after a crash.
 *
 * **Native features used.** Partitions, groups with static members, committed positions with a note.
 *
 * **Limits.** No lifo, priority within what a process has fetched. Delayed messages pass through buckets, 50 ms exactly at best,
 * while anybody is connected. A payload has up to 1 MiB; a retry is held for up to a minute where it has a key. A partition waits while 64 to 1,024 messages (twice the window) from the
 * first unsettled one on are in hand.
 *
 * **Native access.** `server`, with its `channels` and `groups`.
 *
 * @example
 * ```ts
 * import { createBroker } from '@pluribus/core'
 * import { SimLogServer, simLog, VirtualClock } from '@pluribus/core/testing'
 *
 * const clock = new VirtualClock()
 * const server = new SimLogServer({ clock })
 * const broker = await clock.run(createBroker({ adapter: simLog({ server }), environment: clock.environment() }))
 * ```
 */
export function simLog({ server, name = 'sim-log' }: SimLogOptions): Adapter & { readonly server: SimLogServer } {
  return new SimLogAdapter(name, server)
}

class SimLogAdapter implements Adapter {
  readonly name: string
  readonly capabilities: Capabilities
  readonly server: SimLogServer

  constructor(name: string, server: SimLogServer) {
    this.name = name
    this.capabilities = capabilitiesOf(server.noteBytes)
    this.server = server
  }

  connect(environment: Environment, events: ConnectionEvents): Promise<Connection> {
    return LogConnection.open(this.server, environment, events)
  }

  classify(error: unknown): Classified {
    return classify(error)
  }
}
