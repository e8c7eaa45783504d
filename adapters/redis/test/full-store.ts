import type { StoreFaults } from '@pluribus/conformance'
import type { Adapter, Connection, ConnectionEvents, Environment, Publisher } from '@pluribus/core/driver'
import { Redis } from 'ioredis'

/**
 * An adapter whose server is full while `faults` says that writing fails: a server with no memory left refuses to store, and
 * everybody who uses it is refused.
 */
export function onFullServer(adapter: Adapter, url: string, faults: StoreFaults): Adapter {
  const connect = async (environment: Environment, events: ConnectionEvents) =>
    onFull(await adapter.connect(environment, events), new Redis(url), faults)
  return { name: adapter.name, capabilities: adapter.capabilities, connect, classify: error => adapter.classify(error) }
}

function onFull(connection: Connection, admin: Redis, faults: StoreFaults): Connection {
  const publisher: Publisher = {
    window: connection.publisher.window,
    async publish(batch) {
      await admin.config('SET', 'maxmemory', isFull(faults) ? '1' : '0')
      return connection.publisher.publish(batch)
    },
  }
  return {
    publisher,
    server: connection.server,
    capabilities: connection.capabilities,
    subscriber: connection.subscriber,
    persistence: connection.persistence,
    declare: (topics, subscriptions) => connection.declare(topics, subscriptions),
    maintain: async () => (await connection.maintain?.()) ?? 60_000,
    async close() {
      await admin.config('SET', 'maxmemory', '0')
      admin.disconnect()
      await connection.close()
    },
  }
}

function isFull(faults: StoreFaults): boolean {
  try {
    faults.before('publish')
    return false
  } catch {
    // What it throws is how it says so.
    return true
  }
}
