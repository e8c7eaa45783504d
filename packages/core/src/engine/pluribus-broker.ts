import type { ServerInfo } from '../driver/adapter.js'
import type { Capabilities } from '../driver/capabilities.js'
import type { RedriveResult, SubscriptionCounts } from '../driver/persistence.js'
import type { Start } from '../driver/spec.js'
import { PluribusError } from '../errors/pluribus-error.js'
import type {
  Broker,
  CloseOptions,
  ConsumerHandle,
  DeadLetterSelection,
  Refusal,
  SubscribeOptions,
} from '../model/broker.js'
import type { DeadLetter } from '../model/dead-letter.js'
import { toMilliseconds } from '../model/duration.js'
import type { BrokerEvents } from '../model/events.js'
import type { Handler } from '../model/handler.js'
import type { Message } from '../model/message.js'
import type { PublishItem, PublishOptions, Receipt } from '../model/publish-options.js'
import type { PublishReport } from '../model/publish-report.js'
import type { Subscription, Topic } from '../model/topic.js'
import type { ResolvedOptions } from './broker-options.js'
import { currentCause } from './chain.js'
import { Consumers } from './consumers.js'
import { Declarations, KnownTopics } from './declarations.js'
import { Emitter, isEventName } from './emitter.js'
import { Housekeeping } from './housekeeping.js'
import { idSource } from './ids.js'
import { closedError, type Generation, Link } from './link.js'
import { fromNative } from './native-error.js'
import { OutgoingMaker } from './outgoing.js'
import { PublishQueue } from './publish-queue.js'
import { Publishing } from './publishing.js'
import { Queries } from './queries.js'
import { type Capable, refusalsOf, refuseSubscription } from './requirements.js'
import { Slab } from './slab.js'
import { Turn } from './turn.js'

/** How long closing waits for the adapter beyond the drain, in milliseconds. */
const CLOSE_LIMIT = 5_000

/** Puts the parts together, and refuses everything once it is closed. */
export class PluribusBroker implements Broker {
  readonly adapter: string
  readonly #options: ResolvedOptions
  readonly #emitter: Emitter
  readonly #link: Link
  readonly #queue: PublishQueue
  readonly #publishing: Publishing
  readonly #consumers: Consumers
  readonly #declarations: Declarations
  readonly #queries: Queries
  readonly #housekeeping: Housekeeping
  /** Of the latest generation: known also while there is none. */
  #capable: Capable
  #server: ServerInfo
  #closing: Promise<void> | undefined

  constructor(options: ResolvedOptions) {
    const { adapter, environment, publishTimeout, maxPending, lease } = options
    const turn = new Turn(environment)
    const topics = new KnownTopics()
    this.adapter = adapter.name
    this.#options = options
    this.#capable = { adapter: adapter.name, capabilities: adapter.capabilities }
    this.#server = { product: adapter.name, version: '', endpoint: '' }
    const emitter = new Emitter(environment.logger)
    const link = new Link(adapter, environment, emitter, options.connectTimeout)
    const declarations = new Declarations(emitter)
    this.#emitter = emitter
    this.#link = link
    this.#declarations = declarations
    link.follow({ up: generation => this.#up(generation), down: () => {} })
    this.#queue = new PublishQueue({
      adapter,
      environment,
      link,
      turn,
      topics,
      declarations,
      publishTimeout,
      maxPending,
    })
    const maker = new OutgoingMaker(turn, options.source, idSource(environment), new Slab())
    const capable = () => this.#capable
    this.#publishing = new Publishing({
      maker,
      queue: this.#queue,
      topics,
      emitter,
      capable,
      middleware: options.publishMiddleware,
    })
    const parts = { adapter, environment, emitter, link, turn, declarations, publisher: this.#publishing, lease }
    this.#consumers = new Consumers(parts, options.handleMiddleware)
    this.#queries = new Queries(adapter, link, options.connectTimeout, capable)
    this.#housekeeping = new Housekeeping(environment)
    link.follow(this.#housekeeping)
  }

  /** Connects. Rejects where the first connection cannot be had in time, leaving nothing behind. */
  async start(): Promise<this> {
    try {
      await this.#link.start()
      return this
    } catch (error) {
      await this.close()
      throw error
    }
  }

  get capabilities(): Capabilities {
    return this.#capable.capabilities
  }

  get server(): ServerInfo {
    return this.#server
  }

  publish<In, Out>(topic: Topic<In, Out>, data: NoInfer<In>, options?: PublishOptions): Promise<Receipt> {
    if (this.#closing !== undefined) return Promise.reject(closedError())
    return this.#publishing.publishCaused(topic, data, options, currentCause())
  }

  publishMany<In, Out>(topic: Topic<In, Out>, items: Iterable<PublishItem<NoInfer<In>>>): Promise<PublishReport> {
    if (this.#closing !== undefined) return Promise.reject(closedError())
    return this.#publishing.publishManyCaused(topic, items, currentCause())
  }

  async subscribe<In, Out>(
    subscription: Subscription<In, Out>,
    handler: Handler<NoInfer<Out>>,
    options?: SubscribeOptions,
  ): Promise<ConsumerHandle> {
    this.#refuseClosed()
    if (subscription?.spec?.name === undefined) {
      throw new PluribusError(
        'INVALID_ARGUMENT',
        'subscribe() takes a subscription: what topic.subscription(name) made.',
      )
    }
    if (typeof handler !== 'function')
      throw new PluribusError('INVALID_ARGUMENT', 'subscribe() takes a handler function.')
    refuseSubscription(subscription.spec, this.#capable)
    await this.#link.ready(this.#options.connectTimeout)
    this.#refuseClosed()
    return this.#consumers.subscribe(subscription as Subscription<unknown>, handler as Handler<never>, options)
  }

  async declare(...declared: readonly (Topic<unknown> | Subscription<unknown>)[]): Promise<void> {
    this.#refuseClosed()
    const subscriptions = declared.filter(value => 'topic' in value).map(({ spec }) => spec)
    for (const spec of subscriptions) refuseSubscription(spec, this.#capable)
    const topics = new Map(
      declared.map(value => ('topic' in value ? value.topic : value)).map(each => [each.name, each.spec]),
    )
    const generation = await this.#link.ready(this.#options.connectTimeout)
    try {
      await this.#declarations.declare(generation, [...topics.values()], subscriptions)
    } catch (error) {
      throw fromNative(this.#options.adapter, error, 'cannot declare', 'definite')
    }
  }

  check(...subscriptions: readonly Subscription<unknown>[]): readonly Refusal[] {
    return subscriptions.flatMap(({ spec }) => refusalsOf(spec, this.#capable))
  }

  history<In, Out>(topic: Topic<In, Out>, range?: { readonly from?: Start }): AsyncIterable<Message<Out>> {
    this.#refuseClosed()
    return this.#queries.history(topic as Topic<unknown, Out>, range)
  }

  deadLetters<In, Out>(
    subscription: Subscription<In, Out>,
    selection?: DeadLetterSelection,
  ): AsyncIterable<DeadLetter<Out>> {
    this.#refuseClosed()
    return this.#queries.deadLetters(subscription as Subscription<unknown, Out>, selection)
  }

  async redrive(subscription: Subscription<unknown>, selection?: DeadLetterSelection): Promise<RedriveResult> {
    this.#refuseClosed()
    return this.#queries.redrive(subscription, selection)
  }

  async discard(subscription: Subscription<unknown>, selection?: DeadLetterSelection): Promise<number> {
    this.#refuseClosed()
    return this.#queries.discard(subscription, selection)
  }

  async counts(subscription: Subscription<unknown>): Promise<SubscriptionCounts> {
    this.#refuseClosed()
    return this.#queries.counts(subscription)
  }

  async remove(subscription: Subscription<unknown>): Promise<void> {
    this.#refuseClosed()
    return this.#queries.remove(subscription)
  }

  on<Name extends keyof BrokerEvents>(name: Name, listener: (event: BrokerEvents[Name]) => void): () => void {
    if (isEventName(name) && typeof listener === 'function') return this.#emitter.on(name, listener)
    throw new PluribusError(
      'INVALID_ARGUMENT',
      `on() takes the name of an event and a function; there is no event ${String(name)}.`,
    )
  }

  close(options: CloseOptions = {}): Promise<void> {
    this.#closing ??= this.#close(toMilliseconds(options.drain ?? '10s', 'drain'))
    return this.#closing
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  /** Consumers first, because their handlers publish; then what is published; then the connection. */
  async #close(drain: number): Promise<void> {
    await this.#consumers.closeAll(drain)
    await this.#queue.close(this.#link.current === undefined ? 0 : Math.max(drain, 1))
    this.#housekeeping.stop()
    await this.#link.close(CLOSE_LIMIT)
  }

  #up({ connection }: Generation): void {
    this.#capable = { adapter: this.adapter, capabilities: connection.capabilities }
    this.#server = connection.server
  }

  #refuseClosed(): void {
    if (this.#closing !== undefined) throw closedError()
  }
}
