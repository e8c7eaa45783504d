import { DiscardPolicy, type JetStreamManager, jetstreamManager } from '@nats-io/jetstream'
import { connect, type NatsConnection } from '@nats-io/transport-node'
import type { StoreFaults } from '@pluribus/conformance'
import type { Adapter, Connection, ConnectionEvents, Environment, Publisher } from '@pluribus/core/driver'

/** Where a case has its streams. */
interface Place {
  readonly server: string
  readonly prefix: string
}

/**
 * An adapter whose streams of messages are full while `faults` says that writing fails: what they have is all that they may have, and
 * the server itself refuses what is more.
 */
export function onFullStore(adapter: Adapter, place: Place, faults: StoreFaults): Adapter {
  const open = async (environment: Environment, events: ConnectionEvents) => {
    const admin = await connect({ servers: place.server })
    return onFull(await adapter.connect(environment, events), new Room(admin, place.prefix, faults))
  }
  return {
    name: adapter.name,
    capabilities: adapter.capabilities,
    connect: open,
    classify: error => adapter.classify(error),
  }
}

/** How much the streams of topics may have, as an operator decides it. */
class Room {
  readonly #admin: NatsConnection
  readonly #prefix: string
  readonly #faults: StoreFaults
  #isFull = false

  constructor(admin: NatsConnection, prefix: string, faults: StoreFaults) {
    this.#admin = admin
    this.#prefix = prefix
    this.#faults = faults
  }

  async check(): Promise<void> {
    const isFull = fails(this.#faults)
    if (isFull === this.#isFull) return
    this.#isFull = isFull
    const manager = await jetstreamManager(this.#admin)
    for await (const { config, state } of manager.streams.list(`${this.#prefix}.t.>`)) {
      await this.#limit(manager, config.name, isFull ? state.bytes : -1)
    }
  }

  close(): Promise<void> {
    return this.#admin.close()
  }

  async #limit(manager: JetStreamManager, stream: string, bytes: number): Promise<void> {
    await manager.streams.update(stream, {
      max_bytes: bytes,
      discard: bytes < 0 ? DiscardPolicy.Old : DiscardPolicy.New,
    })
  }
}

function onFull(connection: Connection, room: Room): Connection {
  const publisher: Publisher = {
    window: connection.publisher.window,
    async publish(batch) {
      await room.check()
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
    async close() {
      await room.close()
      await connection.close()
    },
  }
}

function fails(faults: StoreFaults): boolean {
  try {
    faults.before('publish')
    return false
  } catch {
    // What it throws is how it says so.
    return true
  }
}
