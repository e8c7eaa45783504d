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
  FolderEvents,
  FolderLink,
  Handed,
  HandedMessage,
  Kept,
  LinkMethod,
  NewMessage,
  OpenedSource,
  Settling,
  SourceOptions,
} from '../folder.js'
import { decodeFailure } from '../socket/failure.js'
import type { PlainValue } from '../socket/plain-value.js'
import type { Portioned } from './portions.js'

/** Bytes of messages that are sent with one call: with one more message they fit into a frame. */
const CALL_BYTES = 8 * 1_024 * 1_024

/** What a connection through another process works on. */
export interface RemoteLinkParts {
  /** What the leader calls it. */
  readonly number: number
  readonly events: FolderEvents
  call(method: string, argument: PlainValue): Promise<PlainValue>
  /** All items of an answer. */
  fetch(portioned: Portioned): Promise<readonly PlainValue[]>
  /** The connection is closed. */
  left(link: RemoteLink): Promise<void>
}

/** A connection to a folder that another process leads. */
export class RemoteLink implements FolderLink {
  /** A batch may take several calls, and one that is refused here does not stop those behind it. */
  readonly window = 1
  readonly #parts: RemoteLinkParts
  #isOver = false

  constructor(parts: RemoteLinkParts) {
    this.#parts = parts
  }

  get events(): FolderEvents {
    return this.#parts.events
  }

  declare(topics: readonly TopicSpec[], subscriptions: readonly SubscriptionSpec[]): Promise<readonly SettingChange[]> {
    return this.#ask('declare', topics, subscriptions)
  }

  async publish(batch: readonly NewMessage[]): Promise<readonly PublishException[]> {
    const exceptions: PublishException[] = []
    for (let first = 0; first < batch.length; ) {
      const part = partOf(batch, first)
      const failed = await this.#ask<readonly PublishException[]>('publish', part)
      for (const exception of failed) exceptions.push(exceptionIn(exception, first))
      first += part.length
    }
    return exceptions
  }

  publishSequenced(lane: Lane, first: number, batch: readonly NewMessage[]): Promise<number> {
    return this.#ask('publishSequenced', lane, first, batch)
  }

  position(lane: string): Promise<number> {
    return this.#ask('position', lane)
  }

  open(subscription: SubscriptionName, options: SourceOptions): Promise<OpenedSource> {
    return this.#ask('open', subscription, options)
  }

  async pull(source: number, max: number): Promise<Handed> {
    const handed = await this.#ask<Omit<Handed, 'deliveries'> & { readonly deliveries: Portioned }>('pull', source, max)
    const deliveries = await this.#parts.fetch(handed.deliveries)
    return { ...handed, deliveries: deliveries as unknown as readonly HandedMessage[] }
  }

  settle(source: number, settled: Settling): Promise<readonly number[]> {
    return this.#ask('settle', source, settled)
  }

  renew(source: number, tokens: readonly number[]): Promise<readonly number[]> {
    return this.#ask('renew', source, tokens)
  }

  mark(source: number, token: number): Promise<void> {
    return this.#ask('mark', source, token)
  }

  closeSource(source: number): Promise<void> {
    return this.#ask('closeSource', source)
  }

  removeSubscription(subscription: SubscriptionName): Promise<void> {
    return this.#ask('removeSubscription', subscription)
  }

  topics(): Promise<readonly TopicSpec[]> {
    return this.#ask('topics')
  }

  subscriptions(topic?: string): Promise<readonly SubscriptionSpec[]> {
    return this.#ask('subscriptions', topic)
  }

  history(topic: string, from: Start | After): Promise<readonly Kept[]> {
    return this.#ask('history', topic, from)
  }

  find(topic: string, id: string): Promise<Buffer | undefined> {
    return this.#ask('find', topic, id)
  }

  trim(topic: string, before: number): Promise<number> {
    return this.#ask('trim', topic, before)
  }

  async deadLetters(query: DeadLetterQuery, after: number): Promise<readonly DeadEntry[]> {
    const entries = await this.#parts.fetch(await this.#ask<Portioned>('deadLetters', query, after))
    return entries as unknown as readonly DeadEntry[]
  }

  redrive(query: DeadLetterQuery): Promise<RedriveResult> {
    return this.#ask('redrive', query)
  }

  discard(query: DeadLetterQuery): Promise<number> {
    return this.#ask('discard', query)
  }

  counts(subscription: SubscriptionName): Promise<SubscriptionCounts> {
    return this.#ask('counts', subscription)
  }

  maintain(): Promise<number> {
    return this.#ask('maintain')
  }

  async close(): Promise<void> {
    if (this.#isOver) return
    this.#isOver = true
    await this.#parts.left(this)
  }

  /** The folder is led by that process no more, or cannot be reached. */
  lose(cause: unknown): void {
    if (this.#isOver) return
    this.#isOver = true
    this.events.lost(cause)
  }

  async #ask<T>(method: LinkMethod, ...rest: readonly unknown[]): Promise<T> {
    if (this.#isOver) throw closed(method)
    const { number, call } = this.#parts
    return (await call(method, [number, ...rest] as readonly PlainValue[])) as T
  }
}

/** What of a batch is sent with one call, at least one message. */
function partOf(batch: readonly NewMessage[], first: number): readonly NewMessage[] {
  let end = first
  for (let bytes = 0; end < batch.length && bytes < CALL_BYTES; end++) bytes += (batch[end] as NewMessage).bytes.length
  return first === 0 && end === batch.length ? batch : batch.slice(first, end)
}

function exceptionIn(exception: PublishException, first: number): PublishException {
  const index = exception.index + first
  if (exception.kind !== 'failed') return { ...exception, index }
  return { ...exception, index, error: decodeFailure(exception.error as PlainValue) }
}
