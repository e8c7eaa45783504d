import type {
  DeadLetterQuery,
  Lane,
  PublishException,
  RedriveResult,
  SettingChange,
  Start,
  SubscriptionCounts,
  SubscriptionName,
  SubscriptionSpec,
  TopicSpec,
} from '@pluribus/core/driver'
import { closed } from '../errors.js'
import type {
  After,
  DeadEntry,
  FolderClient,
  FolderEvents,
  FolderLink,
  Handed,
  Kept,
  NewMessage,
  OpenedSource,
  Settling,
  SourceOptions,
} from '../folder.js'
import type { Administration } from './administration.js'
import type { FolderState } from './folder-state.js'
import type { Housekeeping } from './housekeeping.js'
import { LiveSource } from './live-source.js'
import type { Looking } from './looking.js'
import { PublishOrder } from './publish-order.js'
import type { Publishing } from './publishing.js'

/** What a connection works on: all of it the folder's. */
export interface LocalLinkParts {
  readonly client: FolderClient
  readonly events: FolderEvents
  readonly state: FolderState
  readonly publishing: Publishing
  readonly looking: Looking
  readonly administration: Administration
  readonly housekeeping: Housekeeping
  /** The connection is closed, and has left sources that were open. */
  left(link: LocalLink, sources: readonly LiveSource[]): Promise<void>
}

/** A connection within the process that leads the folder. */
export class LocalLink implements FolderLink {
  /** Two batches of the log, as large as core's are when there is much to publish: while one is written the other is encoded. */
  readonly window = 8
  readonly #parts: LocalLinkParts
  readonly #order: PublishOrder
  readonly #sources = new Map<number, LiveSource>()
  #lastSource = 0
  #isOver = false

  constructor(parts: LocalLinkParts) {
    this.#parts = parts
    this.#order = new PublishOrder(parts.state.ledger.log)
  }

  /** Whether it is another process's. */
  get isGuest(): boolean {
    return this.#parts.client.isGuest === true
  }

  async declare(
    topics: readonly TopicSpec[],
    subscriptions: readonly SubscriptionSpec[],
  ): Promise<readonly SettingChange[]> {
    return this.#open('declare').administration.declare(topics, subscriptions)
  }

  async publish(batch: readonly NewMessage[]): Promise<readonly PublishException[]> {
    const { publishing } = this.#open('publish')
    return this.#order.publish(batch.length, failed => publishing.publish(batch, failed))
  }

  async publishSequenced(lane: Lane, first: number, batch: readonly NewMessage[]): Promise<number> {
    return this.#open('publishSequenced').publishing.publishSequenced(lane, first, batch)
  }

  async position(lane: string): Promise<number> {
    return this.#open('position').state.ledger.model.lanes.position(lane)
  }

  async open(subscription: SubscriptionName, { lease, consumer }: SourceOptions): Promise<OpenedSource> {
    const { state, client, events } = this.#open('open')
    const { instance } = client
    const source = ++this.#lastSource
    const live = new LiveSource({
      ...{ subscription: state.subscription(subscription), ledger: state.ledger, reader: state.reader },
      ...{ instance, instanceNumber: state.instance(instance), consumer, lease },
      wake: () => events.wake(source),
      ended: cause => {
        this.#sources.delete(source)
        events.ended(source, cause)
      },
    })
    this.#sources.set(source, live)
    return { source, transferred: live.transferred }
  }

  async pull(source: number, max: number): Promise<Handed> {
    return this.#source(source, 'pull').pull(max)
  }

  async settle(source: number, settled: Settling): Promise<readonly number[]> {
    return this.#source(source, 'settle').settle(settled)
  }

  async renew(source: number, tokens: readonly number[]): Promise<readonly number[]> {
    return this.#source(source, 'renew').renew(tokens)
  }

  async mark(source: number, token: number): Promise<void> {
    return this.#source(source, 'mark').mark(token)
  }

  async closeSource(source: number): Promise<void> {
    const found = this.#sources.get(source)
    this.#sources.delete(source)
    await found?.close()
  }

  async removeSubscription(subscription: SubscriptionName): Promise<void> {
    return this.#open('remove').administration.remove(subscription)
  }

  async topics(): Promise<readonly TopicSpec[]> {
    return this.#open('topics').looking.topics()
  }

  async subscriptions(topic?: string): Promise<readonly SubscriptionSpec[]> {
    return this.#open('subscriptions').looking.subscriptions(topic)
  }

  async history(topic: string, from: Start | After): Promise<readonly Kept[]> {
    return this.#open('history').looking.history(topic, from)
  }

  async find(topic: string, id: string): Promise<Buffer | undefined> {
    return this.#open('find').looking.find(topic, id)
  }

  async trim(topic: string, before: number): Promise<number> {
    return this.#open('trim').administration.trim(topic, before)
  }

  async deadLetters(query: DeadLetterQuery, after: number): Promise<readonly DeadEntry[]> {
    return this.#open('deadLetters').looking.deadLetters(query, after)
  }

  async redrive(query: DeadLetterQuery): Promise<RedriveResult> {
    return this.#open('redrive').administration.redrive(query)
  }

  async discard(query: DeadLetterQuery): Promise<number> {
    return this.#open('discard').administration.discard(query)
  }

  async counts(subscription: SubscriptionName): Promise<SubscriptionCounts> {
    return this.#open('counts').looking.counts(subscription)
  }

  async maintain(): Promise<number> {
    return this.#open('maintain').housekeeping.maintain()
  }

  async close(): Promise<void> {
    if (this.#isOver) return
    this.#isOver = true
    const sources = [...this.#sources.values()]
    for (const source of sources) source.abandon()
    this.#sources.clear()
    await this.#parts.left(this, sources)
  }

  /** The folder is to be closed. */
  announce(): void {
    if (!this.#isOver) this.#parts.events.leaving()
  }

  /** The folder is closed, or has failed. */
  lose(cause: unknown): void {
    if (this.#isOver) return
    this.#isOver = true
    this.#sources.clear()
    this.#parts.events.lost(cause)
  }

  #open(what: string): LocalLinkParts {
    if (this.#isOver) throw closed(what)
    return this.#parts
  }

  #source(source: number, what: string): LiveSource {
    const found = this.#sources.get(source)
    if (this.#isOver || found === undefined) throw closed(what)
    return found
  }
}
