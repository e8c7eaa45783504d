import type {
  Connection,
  Delivery,
  Environment,
  Logger,
  OutgoingMessage,
  Source,
  SubscriptionSpec,
  Token,
} from '@pluribus/core/driver'
import { type BrokerKind, findOrBlock, startBroker, type TestBroker } from '@pluribus/test-brokers'
import { afterAll, beforeAll, describe } from 'vitest'
import { type RedisOptions, redis } from '../src/index.js'

const KIND: BrokerKind = 'redis'
/** Whether this machine has the server: where it has not, its tests are blocked. */
export const HAS_REDIS = (await findOrBlock(KIND)) !== undefined
const silent: Logger = { debug() {}, info() {}, warn() {}, error() {} }

export const TOPIC = 'orders.placed'

/** Tests that share a server of their own; blocked where this machine has none. */
export function onRedis(name: string, tests: (server: () => TestBroker) => void): void {
  describe.skipIf(!HAS_REDIS)(name, () => {
    let server: TestBroker
    beforeAll(async () => {
      server = await startBroker(KIND)
    }, 60_000)
    afterAll(() => server.dispose())
    tests(() => server)
  })
}

export const environment = (instance = 'a', logger = silent): Environment => ({
  clock: { now: () => Date.now(), monotonic: () => performance.now() },
  timers: { setTimeout, clearTimeout: clearTimeout as never, setImmediate, clearImmediate: clearImmediate as never },
  logger,
  random: Math.random,
  instance,
})

let prefixes = 0

/** A connection to keys that nobody else has. */
export async function connect(
  server: TestBroker,
  options: RedisOptions = {},
  around: Partial<{ instance: string; logger: Logger }> = {},
): Promise<Connection> {
  const adapter = redis({ url: server.url, prefix: `test-${++prefixes}`, ...options })
  return adapter.connect(environment(around.instance, around.logger), { lost() {} })
}

/** A topic that is declared, with subscriptions. */
export async function declared(
  server: TestBroker,
  options: RedisOptions = {},
  subscriptions: readonly SubscriptionSpec[] = [spec()],
  retention: { readonly age?: number; readonly bytes?: number } = {},
): Promise<Connection> {
  const connection = await connect(server, options)
  await connection.declare([{ name: TOPIC, partitions: 1, retention }], subscriptions)
  return connection
}

export function spec(name = 'billing', changes: Partial<SubscriptionSpec> = {}): SubscriptionSpec {
  return {
    ...{ topic: TOPIC, name, from: 'earliest', timeout: 5_000, grace: 5_000 },
    discipline: { kind: 'fifo', levels: 1, atLeast: 'exact' },
    retry: { attempts: 5, delays: [100] },
    ...changes,
  }
}

export function message(id: string, changes: Partial<OutgoingMessage> = {}): OutgoingMessage {
  const payload = changes.payload ?? JSON.stringify({ id })
  return {
    ...{ id, idSupplied: false, topic: TOPIC, payload, size: payload.length, contentType: 'application/json' },
    ...{ key: undefined, priority: 0, headers: {}, time: 1_000_000_000_000, source: 'test', version: 1, delay: 0 },
    ...{ correlationId: undefined, causationId: undefined },
    ...changes,
  }
}

export const publish = async (connection: Connection, ...batch: readonly OutgoingMessage[]): Promise<void> => {
  const exceptions = await connection.publisher.publish(batch)
  if (exceptions.length > 0) throw new Error(`Not stored: ${JSON.stringify(exceptions)}`)
}

export const open = (connection: Connection, name = 'billing', lease = 30_000): Promise<Source> =>
  connection.subscriber.open(spec(name), { window: 1_000, lease }, { wake() {}, lost() {}, ended() {} })

/** Pulls until nothing comes: ids in the order in which they were handed out. Holds them. */
export async function take(source: Source, most = 1_000): Promise<readonly Delivery[]> {
  const deliveries: Delivery[] = []
  while (deliveries.length < most) {
    const pulled = await source.pull(most - deliveries.length)
    deliveries.push(...pulled.deliveries)
    if (pulled.deliveries.length === 0) break
  }
  return deliveries
}

export const idsOf = (deliveries: readonly Delivery[]): readonly string[] => deliveries.map(({ message: { id } }) => id)

export async function ack(source: Source, deliveries: readonly Delivery[]): Promise<void> {
  const exceptions = await source.settle({ acks: tokensOf(deliveries), others: [] })
  if (exceptions.length > 0) throw new Error(`${exceptions.length} acks did not count.`)
}

export const tokensOf = (deliveries: readonly Delivery[]): readonly Token[] => deliveries.map(({ token }) => token)

export async function historyOf(connection: Connection): Promise<readonly string[]> {
  const ids: string[] = []
  for await (const { id } of connection.persistence.history(TOPIC, { from: 'earliest' })) ids.push(id)
  return ids
}
