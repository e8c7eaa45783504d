import type { BrokerControl } from '@pluribus/conformance'
import type { TestBroker } from './test-broker.ts'

/**
 * A server as the conformance suite's hook `broker`.
 *
 * @example
 * ```ts
 * import { brokerControl, startBroker } from '@pluribus/test-brokers'
 *
 * const redis = await startBroker('redis')
 * const hooks = { address: { host: '127.0.0.1', port: redis.port }, broker: brokerControl(redis) }
 * ```
 */
export function brokerControl(broker: TestBroker): BrokerControl {
  return {
    start: () => broker.start(),
    stop: () => broker.stop(),
    kill: () => broker.kill(),
    freeze: () => broker.freeze(),
    resume: () => broker.thaw(),
    wipe: () => broker.wipe(),
    get isRunning() {
      return broker.isRunning
    },
  }
}
