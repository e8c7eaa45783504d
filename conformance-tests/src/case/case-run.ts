import {
  type Broker,
  type BrokerOptions,
  type ErrorCode,
  isPluribusError,
  type PluribusError,
  type PublishOptions,
  type SubscribeOptions,
  type Subscription,
  type Topic,
  type TopicOptions,
  topic,
} from '@pluribus/core'
import type { Capabilities, Clock, Connection, ServerInfo } from '@pluribus/core/driver'
import type { UnreliableAdapter } from '@pluribus/core/testing'
import type { Actor } from '../child/actor.js'
import { sleep } from '../engine/time.js'
import type { History } from '../history/history.js'
import type { BrokerControl } from '../hooks/broker-control.js'
import type { Link } from '../hooks/fault-proxy.js'
import type { RawClient } from '../hooks/raw-client.js'
import type { StoreFaults } from '../hooks/store-faults.js'
import type { Required } from '../target/required.js'
import type { Timing } from '../target/timing.js'
import type { Behaviour } from './behaviour.js'
import { Collector } from './collector.js'
import { Consumer } from './consumer.js'
import type { CaseContext, ConsumerOptions, Waiting } from './context.js'
import { check } from './expect.js'
import { Blocked, Failure, Inconclusive, Skipped } from './failure.js'
import { Gate } from './gate.js'
import type { Leadership } from './leadership.js'
import type { ChildOptions, OpenOptions } from './open-options.js'
import { refused } from './refused.js'
import type { Sample } from './sample.js'
import { silence } from './silence.js'
import type { Surroundings } from './surroundings.js'
import { until } from './until.js'
import { upTo } from './up-to.js'
import type { World } from './world.js'

/** What a run of a case is given beside its world. */
export interface CaseRunInit {
  readonly world: World
  readonly adapter: string
  readonly capabilities: Capabilities
  readonly server: ServerInfo
  readonly timing: Timing
  readonly isVirtual: boolean
  readonly required: Required
  readonly scale: number
  readonly surroundings: Surroundings
  /** Topic names begin with it. */
  readonly prefix: string
  random(): number
}

/** One run of a case: the context that it is given. */
export class CaseRun implements CaseContext {
  readonly #init: CaseRunInit
  readonly #world: World
  #topics = 0
  #publisher: Promise<Broker> | undefined

  constructor(init: CaseRunInit) {
    this.#init = init
    this.#world = init.world
  }

  get capabilities(): Capabilities {
    return this.#init.capabilities
  }

  get server(): ServerInfo {
    return this.#init.server
  }

  get adapter(): string {
    return this.#init.adapter
  }

  get required(): Required {
    return this.#init.required
  }

  get timing(): Timing {
    return this.#init.timing
  }

  get isVirtual(): boolean {
    return this.#init.isVirtual
  }

  get clock(): Clock {
    return this.#world.time.clock
  }

  get history(): History {
    return this.#world.history
  }

  random(): number {
    return this.#init.random()
  }

  size(n: number): number {
    return Math.max(Math.min(n, 10), Math.round(n * this.#init.scale))
  }

  topic<T = Sample>(options?: TopicOptions<T>): Topic<T> {
    return this.topicCalled(`${this.#init.prefix}.t${++this.#topics}`, options)
  }

  topicCalled<T = Sample>(name: string, options?: TopicOptions<T>): Topic<T> {
    const made = topic<T>(name, options)
    const { keys, limits } = this.capabilities
    const longest = keys === 'none' ? Number.POSITIVE_INFINITY : limits.hold
    const ladder = made.subscription('default').spec.retry.delays
    const delays = ladder.filter(ms => ms <= longest)
    if (delays.length === ladder.length) return made
    // The default ladder would be refused here; a case that names a ladder gets what it names.
    const subscription: Topic<T>['subscription'] = (name, policy) =>
      made.subscription(name, { ...policy, retry: { delays, ...policy?.retry } })
    return { ...made, subscription }
  }

  open(options?: OpenOptions): Promise<Broker> {
    return this.#world.open(options)
  }

  openBreakable(options?: OpenOptions): Promise<readonly [Broker, UnreliableAdapter]> {
    return this.#world.openBreakable(options)
  }

  brokerOptions(): Promise<BrokerOptions> {
    return this.#world.brokerOptions()
  }

  async connect(options: { readonly like?: Connection } = {}): Promise<Connection> {
    const { connection } = await this.#world.connect(options.like === undefined ? {} : { like: options.like })
    return connection
  }

  async publish(to: Topic<Sample>, count: number, options?: (n: number) => PublishOptions): Promise<readonly string[]> {
    this.#publisher ??= this.open()
    const publisher = await this.#publisher
    const items = upTo(count).map(n => ({ ...options?.(n), data: { n } }))
    const { receipts } = await publisher.publishMany(to, items)
    return receipts.map(receipt => receipt?.id ?? '')
  }

  async collect<T>(
    broker: Broker,
    subscription: Subscription<T>,
    behaviour: Behaviour<T> = () => undefined,
    options?: SubscribeOptions,
  ): Promise<Collector> {
    const recording = this.#world.recordingOf(broker)
    const collector = new Collector(broker, subscription, recording, () => this.clock.monotonic())
    collector.handle = await broker.subscribe(subscription, collector.handler(behaviour), options)
    return collector
  }

  async consume(subscription: Subscription<unknown>, options: ConsumerOptions = {}): Promise<Consumer> {
    const { timing } = this.#init
    const { lease = timing.lease, window = 256, skew = 0, consumer: generation } = options
    const given = options.connection
    const { connection, process, link } =
      given === undefined ? await this.#world.connect({ skew }) : this.#world.handOf(given)
    await connection.declare([subscription.topic.spec], [subscription.spec])
    const { spec } = subscription
    const patience = timing.arrive
    const settings = { lease, window, consumer: generation }
    const consumer = new Consumer({ ...settings, spec, connection, process, patience, time: this.#world.time })
    await consumer.open()
    // A closed connection gives nothing back: what its source holds would have to wait for the end of its lease.
    this.#world.closing(`a consumer of ${process}`, async () => {
      if (!link.isLost && consumer.ended.length === 0) await consumer.close()
    })
    return consumer
  }

  gate(): Gate {
    return new Gate()
  }

  until(condition: () => boolean, { within = this.timing.arrive, what }: Waiting): Promise<void> {
    return until(this.#world, condition, { within, what })
  }

  elapse(ms: number): Promise<void> {
    return sleep(this.#world.time, ms)
  }

  silence(collector: Collector, ...beside: readonly Collector[]): Promise<void> {
    return silence(this, collector, ...beside)
  }

  jumpWall(ms: number): void {
    this.#init.surroundings.jumpWall(ms)
  }

  get link(): Link {
    return this.#init.surroundings.link
  }

  get broker(): BrokerControl {
    return this.#init.surroundings.broker
  }

  get leadership(): Leadership {
    return this.#init.surroundings.leadership
  }

  raw(): Promise<RawClient> {
    return this.#init.surroundings.raw()
  }

  child(options?: ChildOptions): Promise<Actor> {
    return this.#init.surroundings.child(options)
  }

  openOnFailingStore(options?: OpenOptions): Promise<readonly [Broker, StoreFaults]> {
    return this.#init.surroundings.openOnFailingStore(options)
  }

  async rejects(code: ErrorCode, call: () => Promise<unknown>): Promise<PluribusError> {
    const error = await (async () => call())().then(
      () => new Failure(`The call should have been rejected with ${code}; it resolved.`),
      (thrown: unknown) => thrown,
    )
    if (error instanceof Failure) throw error
    check(
      isPluribusError(error),
      `The call should have been rejected with ${code}; it was with ${String(error)}, no PluribusError`,
    )
    check(
      error.code === code,
      `The call should have been rejected with ${code}; it was with ${error.code}: ${error.message}`,
    )
    return error
  }

  refuses(capability: keyof Capabilities, call: (broker: Broker) => Promise<unknown>): Promise<void> {
    return refused(this, capability, call)
  }

  skip(reason: string): never {
    throw new Skipped(reason)
  }

  blocked(reason: string): never {
    throw new Blocked(reason)
  }

  inconclusive(reason: string): never {
    throw new Inconclusive(reason)
  }
}
