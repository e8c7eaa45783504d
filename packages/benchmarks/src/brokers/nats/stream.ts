import type { JetStreamManager } from '@nats-io/jetstream'
import type { NatsConnection } from '@nats-io/transport-node'

export const STREAM = 'orders'
export const SUBJECT = 'orders.placed'
export const CONSUMER = 'bench'
/** Nanoseconds, as the server wants it. */
const LEASE = 30_000_000_000
/** More than any subject has in flight: the server's own default, 1,000, would be the limit. */
const IN_FLIGHT = 20_000

/** A connection to a server with the stream and the consumer that the subjects share. */
export interface Opened {
  readonly connection: NatsConnection
  readonly manager: JetStreamManager
}

/** A stream in files that keeps what is handled, with a durable pull consumer. */
export async function openStream(url: string): Promise<Opened> {
  const { connect } = await import('@nats-io/transport-node')
  const { jetstreamManager, AckPolicy, RetentionPolicy, StorageType } = await import('@nats-io/jetstream')
  const connection = await connect({ servers: url })
  const manager = await jetstreamManager(connection)
  await manager.streams.add({
    name: STREAM,
    subjects: [`${STREAM}.>`],
    storage: StorageType.File,
    retention: RetentionPolicy.Limits,
  })
  await manager.consumers.add(STREAM, {
    durable_name: CONSUMER,
    ack_policy: AckPolicy.Explicit,
    ack_wait: LEASE,
    max_ack_pending: IN_FLIGHT,
  })
  return { connection, manager }
}

/** What waits or is not acked, by the server's account. */
export async function leftIn(manager: JetStreamManager): Promise<number> {
  const { num_pending: waiting, num_ack_pending: unsettled } = await manager.consumers.info(STREAM, CONSUMER)
  return waiting + unsettled
}
