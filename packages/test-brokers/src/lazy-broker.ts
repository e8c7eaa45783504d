import type { Address, BrokerControl } from '@pluribus/conformance'
import { startBroker } from './start-broker.ts'
import type { BrokerKind, TestBroker } from './test-broker.ts'

/** A server that is not started before it is asked for. */
export interface LazyBroker {
  /** Starts it the first time. */
  address(): Promise<Address>
  readonly control: BrokerControl
}

/**
 * A server for a target of the conformance suite. Importing the target starts nothing: the processes of a case import it too, and
 * they use the server of the one that made them.
 *
 * @example
 * ```ts
 * import { lazyBroker } from '@pluribus/test-brokers'
 *
 * const redis = lazyBroker('redis')
 * const hooks = { module: import.meta.url, address: redis.address, broker: redis.control }
 * ```
 */
export function lazyBroker(kind: BrokerKind): LazyBroker {
  let starting: Promise<TestBroker> | undefined
  let server: TestBroker | undefined
  const get = async () => {
    starting ??= startBroker(kind)
    server = await starting
    return server
  }
  const control: BrokerControl = {
    start: async () => (await get()).start(),
    stop: async () => (await get()).stop(),
    kill: async () => (await get()).kill(),
    freeze: async () => (await get()).freeze(),
    resume: async () => (await get()).thaw(),
    wipe: async () => (await get()).wipe(),
    get isRunning() {
      return server?.isRunning ?? false
    },
  }
  return { address: async () => ({ host: '127.0.0.1', port: (await get()).port }), control }
}
