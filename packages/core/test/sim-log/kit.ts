import { type Broker, createBroker, type DeadLetter, type Subscription, type Topic, topic } from '@pluribus/core'
import type { Connection, Environment } from '@pluribus/core/driver'
import {
  Recorder,
  recordingLogger,
  SimLogServer,
  type SimLogServerOptions,
  simLog,
  type UnreliableAdapter,
  unreliable,
  VirtualClock,
} from '@pluribus/core/testing'
import { expect } from 'vitest'

export const orders = topic<number>('orders.placed')

/** One broker, as a process would have it. */
export interface Process {
  readonly name: string
  readonly broker: Broker
  readonly adapter: UnreliableAdapter
  readonly happened: readonly { readonly name: string; readonly id: string; readonly at: number }[]
}

/** Processes over one simulated log broker, in virtual time. */
export class World {
  readonly clock: VirtualClock
  readonly server: SimLogServer
  readonly recorder: Recorder
  readonly logger = recordingLogger()
  readonly processes: Process[] = []

  constructor(options: Partial<SimLogServerOptions> = {}) {
    this.clock = new VirtualClock({ seed: options.seed ?? 1 })
    this.server = new SimLogServer({ clock: this.clock, ...options })
    this.recorder = new Recorder(this.clock)
  }

  async start({ name = `p${this.processes.length + 1}`, lease }: { name?: string; lease?: string } = {}) {
    const adapter = unreliable(simLog({ server: this.server }))
    const environment = this.clock.environment({ logger: this.logger })
    const broker = await this.run(
      createBroker({ adapter, environment, source: name, journal: 'off', ...(lease ? { lease } : {}) }),
    )
    const happened: { name: string; id: string; at: number }[] = []
    for (const each of [
      'delivery.lost',
      'delivery.stale',
      'delivery.suspect',
      'delivery.retried',
      'delivery.dead',
    ] as const) {
      broker.on(each, event => void happened.push({ name: each, id: event.id, at: this.clock.monotonic() }))
    }
    const process: Process = { name, broker, adapter, happened }
    this.processes.push(process)
    return process
  }

  /** What a broker would have, without one. */
  connect(instance = 'bare'): Promise<Connection> {
    const { clock, logger } = this
    const environment: Environment = { clock, timers: clock.timers, logger, random: () => 0.5, instance }
    return this.run(simLog({ server: this.server }).connect(environment, { lost() {} }))
  }

  run<T>(promise: PromiseLike<T>, within = 120_000): Promise<T> {
    return this.clock.run(promise, { within })
  }

  /** Publishes payloads `from` to `to` under their numbers as ids. */
  async publish(
    process: Process,
    to: number,
    options: { from?: number; key?: (n: number) => string; to?: Topic<number> } = {},
  ) {
    const { from = 1, key } = options
    const items = Array.from({ length: to - from + 1 }, (_, index) => {
      const n = from + index
      return { data: n, id: String(n), ...(key ? { key: key(n) } : {}) }
    })
    await this.run(process.broker.publishMany(options.to ?? orders, items))
  }

  dead(process: Process, subscription: Subscription<number>): Promise<readonly DeadLetter<number>[]> {
    return this.run(Array.fromAsync(process.broker.deadLetters(subscription)))
  }

  /** Everything ends, and nothing is left that would run later, but for what the dead have left to the server. */
  async end(): Promise<void> {
    this.server.calm()
    if (!this.server.isUp) this.server.restart()
    for (const { broker } of this.processes) await this.run(broker.close({ drain: 0 }))
    await this.clock.advance(2 * this.server.sessionTimeout + 2_500)
    expect(this.clock.pendingTimers, 'timers left after close').toBe(0)
  }
}

export const range = (count: number): readonly string[] =>
  Array.from({ length: count }, (_, index) => String(index + 1))
export const sorted = (ids: readonly string[]): readonly string[] => [...ids].sort((a, b) => Number(a) - Number(b))
