import type { ServerInfo } from '../driver/adapter.js'
import type { Capabilities } from '../driver/capabilities.js'
import type { RedriveResult, SubscriptionCounts } from '../driver/persistence.js'
import type { Start } from '../driver/spec.js'
import type {
  Broker,
  CloseOptions,
  ConsumerHandle,
  DeadLetterSelection,
  Refusal,
  SubscribeOptions,
} from '../model/broker.js'
import type { DeadLetter } from '../model/dead-letter.js'
import type { BrokerEvents } from '../model/events.js'
import type { Handler } from '../model/handler.js'
import type { Message } from '../model/message.js'
import type { PublishItem, PublishOptions, Receipt } from '../model/publish-options.js'
import type { PublishReport } from '../model/publish-report.js'
import type { Subscription, Topic } from '../model/topic.js'
import { checkSubscribe, checkSubscription, checkTopic, drainOf, isSubscription } from './arguments.js'
import type { ResolvedOptions } from './broker-options.js'
import { type Cause, currentCause } from './chain.js'
import { Declarations, distinctTopics, KnownTopics } from './connection/declarations.js'
import { Housekeeping } from './connection/housekeeping.js'
import { closedError, type Generation, Link } from './connection/link.js'
import { Consumers } from './consuming/consumers.js'
import { CLOSE_LIMIT, CLOSE_STEP, Deadline } from './deadline.js'
import { checkListener, Emitter } from './emitter.js'
import { Journal } from './journal/journal.js'
import { fromNative } from './native-error.js'
import { idPrefix } from './publishing/ids.js'
import { OutgoingMaker } from './publishing/outgoing.js'
import { PublishQueue } from './publishing/publish-queue.js'
import { Publishing } from './publishing/publishing.js'
import { Slab } from './publishing/slab.js'
import { Queries } from './queries.js'
import { type Capable, refusalsOf, refuseSubscription } from './requirements.js'
import { Turn } from './turn.js'

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
  readonly #journal: Journal | undefined
  /** Of the latest generation: known also while there is none. */
  #capable: Capable
  #server: ServerInfo
  #closing: Promise<void> | undefined

  constructor(options: ResolvedOptions) {
    const { adapter, environment, connectTimeout, publishTimeout, maxPending, lease } = options
    this.adapter = adapter.name
    this.#options = options
    this.#capable = { adapter: adapter.name, capabilities: adapter.capabilities }
    this.#server = { product: adapter.name, version: '', endpoint: '' }
    const turn = new Turn(environment)
    const emitter = new Emitter(environment.logger)
    const link = new Link(adapter, environment, emitter, connectTimeout)
    const declarations = new Declarations(emitter)
    const topics = new KnownTopics(declarations)
    const shared = { adapter, environment, emitter, link, turn, topics, declarations, connectTimeout }
    const capable = () => this.#capable
    this.#emitter = emitter
    this.#link = link
    this.#declarations = declarations
    link.follow({ up: generation => this.#up(generation), down: () => {} })
    const queue = new PublishQueue({ ...shared, capable, publishTimeout, maxPending })
    const maker = new OutgoingMaker(turn, options.source, idPrefix(environment), new Slab())
    const publisher = new Publishing({ ...shared, maker, queue, capable, middleware: options.publishMiddleware })
    this.#queue = queue
    this.#publishing = publisher
    this.#consumers = new Consumers({ ...shared, publisher, lease }, options.handleMiddleware)
    this.#queries = new Queries(adapter, link, connectTimeout, capable)
    this.#housekeeping = new Housekeeping(environment)
    link.follow(this.#housekeeping)
    const { journal: level, source } = options
    const running = () => this.#consumers.running()
    this.#journal = level === 'off' ? undefined : new Journal({ ...shared, level, source, capable, running })
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
    const cause = currentCause()
    if (this.#refuses(cause)) return Promise.reject(closedError())
    return this.#publishing.publishCaused(topic, data, options, cause)
  }

  publishMany<In, Out>(topic: Topic<In, Out>, items: Iterable<PublishItem<NoInfer<In>>>): Promise<PublishReport> {
    const cause = currentCause()
    if (this.#refuses(cause)) return Promise.reject(closedError())
    return this.#publishing.publishManyCaused(topic, items, cause)
  }

  async subscribe<In, Out>(
    subscription: Subscription<In, Out>,
    handler: Handler<NoInfer<Out>>,
    options?: SubscribeOptions,
  ): Promise<ConsumerHandle> {
    this.#refuseClosed()
    checkSubscribe(subscription, handler, options)
    refuseSubscription(subscription.spec, this.#capable)
    await this.#link.ready(this.#options.connectTimeout)
    this.#refuseClosed()
    // The server behind a new connection may give less than the one before.
    refuseSubscription(subscription.spec, this.#capable)
    return this.#consumers.subscribe(subscription as Subscription<unknown>, handler as Handler<never>, options)
  }

  async declare(...declared: readonly (Topic<unknown> | Subscription<unknown>)[]): Promise<void> {
    this.#refuseClosed()
    for (const value of declared) if (!isSubscription(value)) checkTopic(value)
    const subscriptions = declared.filter(isSubscription).map(({ spec }) => spec)
    for (const spec of subscriptions) refuseSubscription(spec, this.#capable)
    const topics = distinctTopics(declared.map(value => (isSubscription(value) ? value.topic : value)))
    const generation = await this.#link.ready(this.#options.connectTimeout)
    for (const spec of subscriptions) refuseSubscription(spec, this.#capable)
    try {
      await this.#link.whileUp(generation, 'declare', () =>
        this.#declarations.declare(generation, topics, subscriptions),
      )
    } catch (error) {
      throw fromNative(this.#options.adapter, error, 'cannot declare', 'definite')
    }
  }

  check(...subscriptions: readonly Subscription<unknown>[]): readonly Refusal[] {
    this.#refuseClosed()
    for (const subscription of subscriptions) checkSubscription(subscription)
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
    this.#refuseClosed()
    checkListener(name, listener)
    return this.#emitter.on(name, listener)
  }

  close(options?: CloseOptions): Promise<void> {
    if (this.#closing !== undefined) return this.#closing
    let drain: number
    try {
      drain = drainOf(options)
    } catch (error) {
      return Promise.reject(error)
    }
    this.#closing = this.#close(drain)
    return this.#closing
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  /** Consumers first, because their handlers publish; then what is published, and the journal; then the connection. */
  async #close(drain: number): Promise<void> {
    const end = Deadline.after(this.#options.environment.clock, drain + CLOSE_LIMIT)
    await this.#consumers.closeAll(drain, end.earlier(2 * CLOSE_STEP))
    // `drain` is for handlers: what was published has its own claim to be sent.
    const most = this.#link.current === undefined ? 0 : Math.max(drain, CLOSE_LIMIT)
    const sending = end.earlier(CLOSE_STEP)
    await Promise.all([
      this.#queue.close(sending.left(most)),
      this.#journal?.close(sending.left(Math.min(most, CLOSE_LIMIT))),
    ])
    this.#housekeeping.stop()
    await this.#link.close(end.left(CLOSE_LIMIT))
  }

  #up({ connection }: Generation): void {
    this.#capable = { adapter: this.adapter, capabilities: connection.capabilities }
    this.#server = connection.server
  }

  /** Handlers that still run may publish to their end; everybody else may not. */
  #refuses(cause: Cause | undefined): boolean {
    return this.#closing !== undefined && cause === undefined
  }

  #refuseClosed(): void {
    if (this.#closing !== undefined) throw closedError()
  }
}
