import type { PluribusConfig } from '../config/define-config.js'
import type { Broker } from '../model/broker.js'
import { type BrokerOptions, resolveOptions } from './broker-options.js'
import { PluribusBroker } from './pluribus-broker.js'

/**
 * Connects to a broker.
 *
 * @param options Options, or a configuration of {@link defineConfig}. Without an adapter, `PLURIBUS_URL` says which.
 * @throws PluribusError `INVALID_ARGUMENT`, `INVALID_CONFIGURATION`, `ADAPTER_MISSING`, `UNAUTHORIZED`, or `UNAVAILABLE`
 * when `connectTimeout` has passed.
 * @example
 * ```ts
 * import { createBroker } from '@pluribus/core'
 *
 * await using broker = await createBroker({ adapter: 'memory:' })
 * console.error(broker.server.product)
 * ```
 */
export async function createBroker(options: BrokerOptions | PluribusConfig = {}): Promise<Broker> {
  return new PluribusBroker(await resolveOptions(options)).start()
}
