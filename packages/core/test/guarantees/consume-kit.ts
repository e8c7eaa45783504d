import {
  type Broker,
  type BrokerEvents,
  createBroker,
  type DeadLetter,
  type Subscription,
  type Topic,
} from '@pluribus/core'
import type { Adapter } from '@pluribus/core/driver'
import {
  type FaultStep,
  Recorder,
  recordingLogger,
  type UnreliableAdapter,
  unreliable,
  VirtualClock,
} from '@pluribus/core/testing'
import { memory, memoryStore } from '@pluribus/memory'
import { expect } from 'vitest'

/** What a process is started with. */
export interface ProcessOptions {
  readonly name?: string
  readonly lease?: string
  /** What goes wrong by itself. */
  readonly steps?: readonly FaultStep[]
  /** Stands between the broker and the unreliable adapter. */
  readonly wrap?: (adapter: Adapter) => Adapter
}

/** One broker, as a process would have it, with the adapter that breaks it. */
export interface Process {
  readonly name: string
  readonly broker: Broker
  readonly adapter: UnreliableAdapter
  /** What happened, in order; filled from the start. */
  readonly events: readonly HappenedEvent[]
  /** The ids of one kind of event, in order. */
  eventIds(name: keyof BrokerEvents): readonly string[]
}

export interface HappenedEvent {
  readonly name: keyof BrokerEvents
  readonly event: { readonly id?: string; readonly error?: { readonly code?: string } }
  /** Milliseconds of the virtual clock. */
  readonly at: number
}

const EVENTS: readonly (keyof BrokerEvents)[] = [
  'delivery.started',
  'delivery.acked',
  'delivery.retried',
  'delivery.dead',
  'delivery.released',
  'delivery.lost',
  'delivery.stale',
  'delivery.suspect',
  'handler.abandoned',
  'consumer.up',
  'consumer.down',
]

/** Processes over one store, in virtual time. */
export class World {
  readonly clock = new VirtualClock()
  readonly recorder = new Recorder(this.clock)
  readonly store = memoryStore()
  readonly logger = recordingLogger()
  readonly processes: Process[] = []

  async start({
    name = `p${this.processes.length + 1}`,
    lease,
    steps = [],
    wrap,
  }: ProcessOptions = {}): Promise<Process> {
    const adapter = unreliable(memory({ store: this.store }), { steps })
    const environment = this.clock.environment({ logger: this.logger })
    const broker = await this.run(
      createBroker({ adapter: wrap?.(adapter) ?? adapter, environment, source: name, ...(lease ? { lease } : {}) }),
    )
    const events: HappenedEvent[] = []
    for (const each of EVENTS) {
      broker.on(
        each,
        event => void events.push({ name: each, event: event as HappenedEvent['event'], at: this.clock.monotonic() }),
      )
    }
    const eventIds = (wanted: keyof BrokerEvents) =>
      events.filter(({ name: found }) => found === wanted).map(({ event }) => event.id as string)
    const process = { name, broker, adapter, events, eventIds }
    this.processes.push(process)
    return process
  }

  run<T>(promise: PromiseLike<T>, within = 120_000): Promise<T> {
    return this.clock.run(promise, { within })
  }

  until(condition: () => boolean, within = 120_000): Promise<void> {
    return this.clock.until(condition, { within })
  }

  /** Publishes payloads `1` to `count` under the ids `1` to `count`. */
  async publish(process: Process, topic: Topic<number>, count: number, key?: (n: number) => string): Promise<void> {
    const items = Array.from({ length: count }, (_, index) => {
      const n = index + 1
      return { data: n, id: String(n), ...(key ? { key: key(n) } : {}) }
    })
    await this.run(process.broker.publishMany(topic, items))
  }

  /** Cuts a connection, and lets none be made for so many milliseconds; answers the time when there is another one. */
  async cut({ adapter }: Process, outage: number): Promise<number> {
    const before = adapter.generation
    adapter.refuse()
    adapter.cut()
    await this.clock.advance(outage)
    adapter.accept()
    await this.until(() => adapter.generation > before)
    return this.clock.monotonic()
  }

  async dead(process: Process, subscription: Subscription<number>): Promise<readonly DeadLetter<number>[]> {
    return this.run(Array.fromAsync(process.broker.deadLetters(subscription)))
  }

  /** Everything ends, and nothing is left that would run later. A dead process has no timers: what it left is let run out. */
  async end(): Promise<void> {
    const dead = this.processes.filter(({ adapter }) => adapter.killed)
    for (const { broker } of dead) await this.run(broker.close({ drain: 0 }))
    if (dead.length > 0) await this.clock.advance(20_000)
    for (const { broker, adapter } of this.processes) {
      adapter.heal()
      await this.run(broker.close({ drain: 0 }))
    }
    expect(this.clock.pendingTimers, 'timers left after close').toBe(0)
  }
}

export const range = (count: number): readonly string[] =>
  Array.from({ length: count }, (_, index) => String(index + 1))

export const sorted = (ids: readonly string[]): readonly string[] => [...ids].sort((a, b) => Number(a) - Number(b))
