import {
  type Broker,
  type BrokerOptions,
  createBroker,
  isPluribusError,
  type PluribusError,
  type Topic,
} from '@pluribus/core'
import type { Environment, StoredMessage } from '@pluribus/core/driver'
import {
  type FaultOperation,
  type FaultScript,
  type RecordingLogger,
  recordingLogger,
  type UnreliableAdapter,
  unreliable,
  VirtualClock,
} from '@pluribus/core/testing'
import { type MemoryStore, memory, memoryStore } from '@pluribus/memory'

export interface World {
  readonly clock: VirtualClock
  readonly store: MemoryStore
  readonly adapter: UnreliableAdapter
  readonly logger: RecordingLogger
  readonly broker: Broker
  /** What the store holds of a topic, in its order, read past every fault. */
  stored(topic: Topic<never, unknown> | { readonly name: string }): Promise<readonly StoredMessage[]>
  ids(topic: { readonly name: string }): Promise<readonly string[]>
}

export interface WorldOptions extends Omit<BrokerOptions, 'adapter' | 'environment'> {
  readonly script?: FaultScript
  readonly store?: MemoryStore
  readonly clock?: VirtualClock
  readonly seed?: number
}

/** A broker in virtual time over a memory store, behind an adapter that can be broken. No journal: calls are counted. */
export async function world(options: WorldOptions = {}): Promise<World> {
  const { script = {}, store = memoryStore(), seed = 1, clock = new VirtualClock({ seed }), ...brokerOptions } = options
  const adapter = unreliable(memory({ store }), script)
  const logger = recordingLogger()
  const environment = clock.environment()
  const broker = await clock.run(createBroker({ logger, journal: 'off', ...brokerOptions, adapter, environment }))
  const stored = (topic: { readonly name: string }) => storedIn(store, clock, topic.name)
  const ids = async (topic: { readonly name: string }) => (await stored(topic)).map(({ id }) => id)
  return { clock, store, adapter, logger, broker, stored, ids }
}

export async function storedIn(
  store: MemoryStore,
  clock: VirtualClock,
  topic: string,
): Promise<readonly StoredMessage[]> {
  const environment = { ...clock.environment(), logger: recordingLogger(), instance: 'reader' } as Environment
  const connection = await memory({ store }).connect(environment, { lost() {} })
  const known = (await connection.persistence.topics()).some(({ name }) => name === topic)
  return known ? collect(connection.persistence.history(topic, { from: 'earliest' })) : []
}

export async function collect<T>(items: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = []
  for await (const item of items) all.push(item)
  return all
}

/** What a promise was rejected with, which has to be an error of ours. */
export async function refused(promise: Promise<unknown>): Promise<PluribusError> {
  const error = await promise.then(
    () => new Error('It was not refused.'),
    (reason: unknown) => reason,
  )
  if (isPluribusError(error)) return error
  throw error
}

/** What a call has thrown, at once, which has to be an error of ours. */
export function thrown(call: () => unknown): PluribusError {
  try {
    call()
  } catch (error) {
    if (isPluribusError(error)) return error
    throw error
  }
  throw new Error('Nothing was thrown.')
}

export const OPERATIONS: readonly FaultOperation[] = [
  'declare',
  'publish',
  'publishSequenced',
  'position',
  'open',
  'remove',
  'pull',
  'mark',
  'settle',
  'renew',
  'topics',
  'subscriptions',
  'history',
  'find',
  'trim',
  'deadLetters',
  'redrive',
  'discard',
  'counts',
]

/** Calls that have reached the adapter, but for the housekeeping that goes on by itself. */
export const calls = (adapter: UnreliableAdapter): number =>
  OPERATIONS.reduce((sum, operation) => sum + adapter.calls(operation), 0)
