import type {
  Connection,
  ConsumerGeneration,
  Delivery,
  Environment,
  Logger,
  OutgoingMessage,
  Source,
  SubscriptionSpec,
  Token,
} from '@pluribus/core/driver'
import { type BrokerKind, findOrBlock, startBroker, type TestBroker } from '@pluribus/test-brokers'
import { afterAll, beforeAll, describe, expect } from 'vitest'
import { type NatsOptions, nats } from '../src/index.js'

const KIND: BrokerKind = 'nats'
const found = await findOrBlock(KIND)
const silent: Logger = { debug() {}, info() {}, warn() {}, error() {} }

export const TOPIC = 'orders.placed'

/** Tests that share a server of their own; blocked where this machine has none. */
export function onNats(name: string, tests: (server: () => TestBroker) => void): void {
  describe.skipIf(found === undefined)(name, () => {
    let server: TestBroker
    beforeAll(async () => {
      server = await startBroker(KIND)
    })
    afterAll(() => server.dispose())
    tests(() => server)
  })
}

/** `slept`: by how many milliseconds this process is ahead of its timers, as one is that has stood still. */
export const environment = (instance = 'a', slept = () => 0): Environment => ({
  clock: { now: () => Date.now(), monotonic: () => performance.now() + slept() },
  timers: { setTimeout, clearTimeout: clearTimeout as never, setImmediate, clearImmediate: clearImmediate as never },
  logger: silent,
  random: Math.random,
  instance,
})

let prefixes = 0

/** What nobody else has. */
export const prefix = (): string => `test-${++prefixes}`

/** A connection to names that nobody else has. */
export const connect = (server: TestBroker, options: NatsOptions = {}, instance = 'a'): Promise<Connection> =>
  nats({ servers: `127.0.0.1:${server.port}`, prefix: prefix(), ...options }).connect(environment(instance), {
    lost() {},
  })

/** A topic that is declared, with subscriptions. */
export async function declared(
  server: TestBroker,
  options: NatsOptions = {},
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

/** Stores messages, each for sure. */
export async function publish(connection: Connection, ...messages: readonly OutgoingMessage[]): Promise<void> {
  expect(await connection.publisher.publish(messages)).toEqual([])
}

/** The ids of everything that a topic has, oldest first. */
export async function historyOf(connection: Connection, topic = TOPIC): Promise<readonly string[]> {
  const ids: string[] = []
  for await (const { id } of connection.persistence.history(topic, { from: 'earliest' })) ids.push(id)
  return ids
}

/** A source that says when it is woken. */
export async function open(
  connection: Connection,
  name = 'billing',
  lease = 30_000,
  consumer?: ConsumerGeneration,
): Promise<Woken> {
  const woken: Woken = { wakes: 0, lost: [], causes: [], source: undefined as never }
  const events = {
    wake: () => void woken.wakes++,
    lost: (tokens: readonly Token[]) => void woken.lost.push(...tokens),
    ended: (cause: unknown) => void woken.causes.push(cause),
  }
  const options = { window: 16, lease, ...(consumer === undefined ? {} : { consumer }) }
  woken.source = await connection.subscriber.open(spec(name), options, events)
  return woken
}

export interface Woken {
  source: Source
  wakes: number
  readonly lost: Token[]
  readonly causes: unknown[]
}

/** Pulls until there are so many. */
export async function take({ source }: Pick<Woken, 'source'>, count: number): Promise<readonly Delivery[]> {
  const taken: Delivery[] = []
  await expect
    .poll(
      async () => {
        const { deliveries } = await source.pull(count - taken.length)
        taken.push(...deliveries)
        return taken.length
      },
      { timeout: 10_000, interval: 20 },
    )
    .toBe(count)
  return taken
}

export const ack = ({ source }: Pick<Woken, 'source'>, deliveries: readonly Delivery[]) =>
  source.settle({ acks: deliveries.map(({ token }) => token), others: [] })

export const idsOf = (deliveries: readonly Delivery[]): readonly string[] => deliveries.map(({ message: { id } }) => id)
