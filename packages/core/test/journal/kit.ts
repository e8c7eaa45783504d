import {
  type Broker,
  type BrokerOptions,
  createBroker,
  type DeliveryEntry,
  type DeliveryPage,
  deliveryJournal,
  type ProcessReport,
  processJournal,
  type Topic,
  topic,
} from '@pluribus/core'
import type { Adapter } from '@pluribus/core/driver'
import {
  type FaultScript,
  type RecordingLogger,
  recordingLogger,
  type UnreliableAdapter,
  unreliable,
  VirtualClock,
} from '@pluribus/core/testing'
import { type MemoryStore, memory, memoryStore } from '@pluribus/memory'

export const orders = topic<number>('orders.placed')
export const billing = orders.subscription('billing', {
  retry: { attempts: 3, delays: [50] },
  timeout: 200,
  grace: 100,
})

/** Longer than anything of the journal waits for others of its kind, in milliseconds. */
export const GATHERED = 150

export interface World {
  readonly clock: VirtualClock
  readonly store: MemoryStore
  readonly adapter: UnreliableAdapter
  readonly logger: RecordingLogger
  readonly broker: Broker
  pages(): Promise<readonly DeliveryPage[]>
  entries(): Promise<readonly DeliveryEntry[]>
  reports(): Promise<readonly ProcessReport[]>
  /** What was logged of the journal, as warnings and information. */
  readonly said: readonly { readonly level: string; readonly details: object }[]
}

type Options = Omit<BrokerOptions, 'adapter' | 'environment'> & {
  readonly script?: FaultScript
  readonly store?: MemoryStore
  readonly clock?: VirtualClock
  /** Stands between the broker and its adapter. */
  readonly wrap?: (adapter: Adapter) => Adapter
}

/** A broker in virtual time, and what it has written to its journal, read by somebody else. */
export async function world(options: Options = {}): Promise<World> {
  const { script = {}, store = memoryStore(), clock = new VirtualClock(), wrap, ...brokerOptions } = options
  const adapter = unreliable(memory({ store }), script)
  const logger = recordingLogger()
  const environment = clock.environment({ instance: 'first' })
  const broker = await clock.run(
    createBroker({ logger, source: 'till', ...brokerOptions, adapter: wrap?.(adapter) ?? adapter, environment }),
  )
  const read = async <T>(from: Topic<T>): Promise<T[]> => {
    const looking = { adapter: memory({ store }), environment: clock.environment(), journal: 'off' } as const
    const reader = await clock.run(createBroker(looking))
    await clock.run(reader.declare(from))
    const messages = await clock.run(Array.fromAsync(reader.history(from)))
    await clock.run(reader.close())
    return messages.map(({ data }) => data)
  }
  const pages = () => read(deliveryJournal)
  return {
    ...{ clock, store, adapter, logger, broker, pages },
    entries: async () => (await pages()).flatMap(({ entries }) => entries),
    reports: () => read(processJournal),
    get said() {
      return logger.lines.filter(({ level, message }) => level !== 'debug' && message.includes('journal'))
    },
  }
}
