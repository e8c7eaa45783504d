import type {
  Connection,
  Delivery,
  Environment,
  ErrorRecord,
  OutgoingMessage,
  Pulled,
  Source,
  Start,
  SubscriptionSpec,
  Token,
} from '@pluribus/core/driver'
import { type MemoryStore, memory, memoryStore } from '../src/index.js'

/** 2001-09-09: far from both 0 and today, so that a mix-up of the two clocks shows. */
export const EPOCH = 1_000_000_000_000
export const LEASE = 30_000
export const TOPIC = 'orders.placed'

/** A clock that moves by hand. */
export class HandClock {
  #time = 5_000
  /** What the wall clock was set back by. */
  back = 0

  now = () => EPOCH + this.#time - this.back
  monotonic = () => this.#time

  pass(ms: number): void {
    this.#time += ms
  }
}

const silent = { debug() {}, info() {}, warn() {}, error() {} }
const noTimers = {
  setTimeout: () => forbidden(),
  clearTimeout: () => forbidden(),
  setImmediate: () => forbidden(),
  clearImmediate: () => forbidden(),
}

function forbidden(): never {
  throw new Error('The memory adapter uses no timers.')
}

export const environment = (clock: HandClock, instance = 'a'): Environment => {
  return { clock, timers: noTimers, logger: silent, random: () => 0.5, instance }
}

export interface Bench {
  readonly clock: HandClock
  readonly store: MemoryStore
  readonly connection: Connection
  /** Another broker on the same store. */
  connect(instance: string): Promise<Connection>
}

export async function bench(): Promise<Bench> {
  const clock = new HandClock()
  const store = memoryStore()
  const connect = (instance: string) => memory({ store }).connect(environment(clock, instance), { lost() {} })
  return { clock, store, connect, connection: await connect('a') }
}

export function spec(name = 'billing', changes: Partial<SubscriptionSpec> = {}): SubscriptionSpec {
  return {
    topic: TOPIC,
    name,
    from: 'earliest',
    discipline: { kind: 'fifo', levels: 1, atLeast: 'exact' },
    retry: { attempts: 5, delays: [100, 1_000] },
    timeout: 5_000,
    grace: 5_000,
    ...changes,
  }
}

export const topicSpec = (name = TOPIC, retention = {}) => ({ name, partitions: 1, retention })

export function message(id: string, changes: Partial<OutgoingMessage> = {}): OutgoingMessage {
  const payload = changes.payload ?? `payload of ${id}`
  return {
    id,
    topic: TOPIC,
    payload,
    size: payload.length,
    contentType: 'text/plain',
    key: undefined,
    priority: 0,
    headers: Object.create(null),
    time: EPOCH,
    source: 'test',
    version: 1,
    correlationId: undefined,
    causationId: undefined,
    idSupplied: false,
    delay: 0,
    ...changes,
  }
}

export const failure = (attempt: number): ErrorRecord => ({
  name: 'Error',
  message: `run ${attempt}`,
  attempt,
  time: EPOCH,
})

/** A source with what it was told. */
export interface Opened {
  readonly source: Source
  readonly told: { wakes: number; ended: unknown[] }
  pull(max?: number): Promise<readonly Delivery[]>
  ids(max?: number): Promise<string[]>
  /** Pulls and acks. */
  drain(max?: number): Promise<string[]>
  ack(...deliveries: readonly Delivery[]): Promise<readonly { token: Token; kind: string }[]>
}

export async function open(connection: Connection, subscription = spec(), lease = LEASE): Promise<Opened> {
  const told = { wakes: 0, ended: [] as unknown[] }
  const source = await connection.subscriber.open(
    subscription,
    { window: 256, lease },
    { wake: () => void told.wakes++, lost() {}, ended: cause => void told.ended.push(cause) },
  )
  const pull = async (max = 256) => (await source.pull(max)).deliveries
  const ack = (...deliveries: readonly Delivery[]) =>
    source.settle({ acks: deliveries.map(({ token }) => token), others: [] })
  const ids = async (max?: number) => idsOf(await pull(max))
  const drain = async (max?: number) => {
    const deliveries = await pull(max)
    await ack(...deliveries)
    return idsOf(deliveries)
  }
  return { source, told, pull, ids, drain, ack }
}

export const idsOf = (deliveries: Pulled['deliveries']): string[] => deliveries.map(delivery => delivery.message.id)

export async function collect<T>(items: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = []
  for await (const item of items) all.push(item)
  return all
}

/** Retries, rejects or releases one delivery. */
export const settleOne = (
  { source }: Opened,
  { token, attempt }: Delivery,
  kind: 'retry' | 'reject' | 'release',
  delay = 0,
) => {
  if (kind === 'retry') return source.settle({ acks: [], others: [{ kind, token, delay, error: failure(attempt) }] })
  if (kind === 'release') return source.settle({ acks: [], others: [{ kind, token }] })
  return source.settle({
    acks: [],
    others: [{ kind, token, reason: 'EXHAUSTED', attempts: attempt, errors: [failure(attempt)] }],
  })
}

export const MINUTE = 60_000

/** A topic with one subscription and a source of it. */
export async function ready(retention = {}): Promise<Bench & { consumer: Opened }> {
  const setup = await bench()
  await setup.connection.declare([topicSpec(TOPIC, retention)], [spec()])
  return { ...setup, consumer: await open(setup.connection) }
}

export const publish = ({ connection }: Bench, ...messages: Parameters<typeof message>[]) =>
  connection.publisher.publish(messages.map(([id, more]) => message(id, more)))

/** The ids in the log. */
export const history = async ({ connection }: Bench, from: Start = 'earliest') =>
  (await collect(connection.persistence.history(TOPIC, { from }))).map(stored => stored.id)
