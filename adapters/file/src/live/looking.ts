import {
  type DeadLetterQuery,
  type Start,
  type SubscriptionCounts,
  type SubscriptionName,
  type SubscriptionSpec,
  startNotFound,
  type TopicSpec,
} from '@pluribus/core/driver'
import type { After, DeadEntry, Kept } from '../folder.js'
import { head } from '../format/message-head.js'
import type { Grave } from '../model/subscription-model.js'
import type { TopicModel } from '../model/topic-model.js'
import type { FolderState } from './folder-state.js'

/** Messages in a page, and the bytes of payload and headers after which it ends. */
const PAGE = 256
const PAGE_BYTES = 4 * 1_024 * 1_024

/** Reads what there is, and changes nothing. */
export class Looking {
  readonly #state: FolderState

  constructor(state: FolderState) {
    this.#state = state
  }

  topics(): readonly TopicSpec[] {
    return Array.from(this.#state.ledger.model.topics(), ({ spec }) => spec)
  }

  subscriptions(topic?: string): readonly SubscriptionSpec[] {
    const { model } = this.#state.ledger
    const topics = topic === undefined ? [...model.topics()] : [model.topic(topic)]
    return topics.flatMap(found => [...found.subscriptions.values()].map(({ spec }) => spec))
  }

  /** A page of the retained messages; empty where there are no more. */
  async history(name: string, from: Start | After): Promise<readonly Kept[]> {
    const topic = this.#state.ledger.model.topic(name)
    const isPage = typeof from === 'object' && 'after' in from
    let start = isPage ? from.after + 1 : await this.positionOf(topic, from)
    for (;;) {
      const positions = pageOf(topic, topic.index.positions(start))
      const read = await this.#state.reader.messages(topic, positions)
      const kept = read.flatMap((bytes, index) =>
        bytes === undefined ? [] : [{ position: positions[index] as number, bytes }],
      )
      // All of a page may have been removed while it was read.
      if (kept.length > 0 || positions.length === 0) return kept
      start = (positions.at(-1) as number) + 1
    }
  }

  async find(name: string, id: string): Promise<Buffer | undefined> {
    const topic = this.#state.ledger.model.topic(name)
    const position = await this.#newest(topic, id)
    if (position === undefined) return undefined
    return (await this.#state.reader.messages(topic, [position]))[0]
  }

  /** The position that a start means. @throws PluribusError `NOT_FOUND` where it is an id that is not there. */
  async positionOf(topic: TopicModel, start: Start): Promise<number> {
    if (start === 'earliest') return 1
    if (start === 'latest') return topic.index.end
    if ('time' in start) return topic.index.since(start.time)
    const position = await this.#newest(topic, start.id)
    if (position === undefined) throw startNotFound(topic.spec.name, start.id)
    return position
  }

  /** A page of dead letters, behind the one with a number. */
  async deadLetters({ subscription, ids, limit }: DeadLetterQuery, after: number): Promise<readonly DeadEntry[]> {
    const { model, topic } = this.#state.subscription(subscription)
    const most = Math.min(limit ?? PAGE, PAGE)
    const entries: DeadEntry[] = []
    let bytes = 0
    const graves = new Map([...model.deaths].filter(([, { number }]) => number > after))
    const left = graves.keys()
    while (entries.length < most && bytes < PAGE_BYTES) {
      const page = pageOf(topic, { [Symbol.iterator]: () => left }, most - entries.length)
      if (page.length === 0) break
      for (const entry of await this.#buried(topic, page, graves)) {
        if (ids !== undefined && !ids.includes(head.id(entry.message))) continue
        entries.push(entry)
        bytes += entry.message.length + entry.death.length
      }
    }
    return entries
  }

  counts(name: SubscriptionName): SubscriptionCounts {
    const { queue } = this.#state.subscription(name)
    // Where nobody consumes, nobody has noticed what is due.
    queue.notice(this.#state.ledger.clock.now())
    return queue.counts()
  }

  /** Reads the ids of messages. */
  async *idsOf(
    topic: TopicModel,
    positions: Iterable<number>,
  ): AsyncGenerator<{ readonly position: number; readonly id: string }, void, undefined> {
    const left = positions[Symbol.iterator]()
    for (;;) {
      const page = pageOf(topic, { [Symbol.iterator]: () => left })
      if (page.length === 0) return
      const read = await this.#state.reader.messages(topic, page)
      for (let index = 0; index < page.length; index++) {
        const bytes = read[index]
        if (bytes !== undefined) yield { position: page[index] as number, id: head.id(bytes) }
      }
    }
  }

  /** Those of a page that are still there: others were redriven or discarded since. */
  async #buried(topic: TopicModel, page: readonly number[], graves: ReadonlyMap<number, Grave>): Promise<DeadEntry[]> {
    const found = page.map(position => graves.get(position) as Grave)
    const messages = await this.#state.reader.messages(topic, page)
    const deaths = await this.#state.reader.records(found.map(({ sequence }) => sequence))
    return found.flatMap(({ number, sequence }, index) => {
      const message = messages[index]
      const death = deaths.get(sequence)
      return message === undefined || death === undefined ? [] : [{ number, message, death }]
    })
  }

  /** Reads everything: ids have no index, because nothing else would use it. */
  async #newest(topic: TopicModel, id: string): Promise<number | undefined> {
    let newest: number | undefined
    for await (const found of this.idsOf(topic, topic.index.positions())) if (found.id === id) newest = found.position
    return newest
  }
}

/** The next positions, as many as are read at once. Takes no more from the iterator than it answers. */
function pageOf({ index }: TopicModel, positions: Iterable<number>, most = PAGE): readonly number[] {
  const page: number[] = []
  let bytes = 0
  const iterator = positions[Symbol.iterator]()
  while (page.length < most && bytes < PAGE_BYTES) {
    const { value, done } = iterator.next()
    if (done === true) break
    page.push(value)
    bytes += index.sizeOf(value)
  }
  return page
}
