import type { NewRecord } from '@pluribus/commit-log'
import { type Lane, NO_EXCEPTIONS, type PublishException } from '@pluribus/core/driver'
import { outcomeOf, tooMuchUnderway, topicNotFound } from '../errors.js'
import type { NewMessage } from '../folder.js'
import { completeHead, head } from '../format/message-head.js'
import { KIND } from '../format/record-kind.js'
import { write } from '../format/records.js'
import type { FolderState } from './folder-state.js'
import type { LiveSubscription } from './live-subscription.js'
import type { LiveTopic } from './live-topic.js'

/** Bytes that are given to the log at once: it stores them together, and has room for a batch of 32 MiB. */
const PART = 4 * 1_024 * 1_024

/** Bytes on their way to the disk beyond which publishing is refused: what is left is for those who consume. */
const MOST_UNDERWAY = 16 * 1_024 * 1_024

/** A message that has its place and waits for the disk, as the record that it is there. */
interface Placed extends NewRecord {
  readonly body: Buffer
  readonly index: number
  readonly topic: LiveTopic
  /** Where it was supplied. */
  readonly id: string | undefined
  /** As its head has them. */
  readonly position: number
  readonly due: number
  readonly clock: number
}

/** When the messages of one call are stored: one look at the clocks for all. */
interface Moment {
  /** By the folder's clock. */
  readonly now: number
  readonly wall: number
}

/** Where a message belongs, and where it says what becomes of it. */
interface Placing {
  readonly index: number
  readonly exceptions: PublishException[]
  readonly waits: Promise<void>[]
  readonly part: readonly Placed[]
  failed(error: unknown): void
}

/** Stores messages. */
export class Publishing {
  readonly #state: FolderState
  #lastStored = Number.NEGATIVE_INFINITY

  constructor(state: FolderState) {
    this.#state = state
  }

  /** As `Publisher.publish`. `failed` is told what the disk, or want of room, has kept from being stored. */
  async publish(batch: readonly NewMessage[], failed: (error: unknown) => void): Promise<readonly PublishException[]> {
    const exceptions: PublishException[] = []
    const waits: Promise<void>[] = []
    let part: Placed[] = []
    let size = 0
    const moment = this.#moment()
    const finish = () => {
      if (part.length > 0) waits.push(this.#storePart(part, exceptions, failed))
      part = []
      size = 0
    }
    for (let index = 0; index < batch.length; index++) {
      const message = batch[index] as NewMessage
      if (size + message.bytes.length > PART) finish()
      const placed = this.#place(message, moment, { index, exceptions, waits, part, failed })
      if (placed === undefined) continue
      part.push(placed)
      size += message.bytes.length
    }
    finish()
    await Promise.all(waits)
    return exceptions.length === 0 ? NO_EXCEPTIONS : exceptions.sort((a, b) => a.index - b.index)
  }

  /** As `Publisher.publishSequenced`. */
  publishSequenced(lane: Lane, first: number, batch: readonly NewMessage[]): Promise<number> {
    const { ledger } = this.#state
    return ledger.exclusively(async () => {
      const { lanes } = ledger.model
      const stored = lanes.position(lane.name)
      if (lane.epoch < lanes.epoch(lane.name) || first > stored + 1) return stored
      const wanted = batch.slice(Math.max(0, stored + 1 - first))
      const position = Math.max(stored, first + batch.length - 1)
      for (const { topic } of wanted) if (this.#state.find(topic) === undefined) throw topicNotFound(topic)
      if (position === stored && lane.epoch === lanes.epoch(lane.name)) return stored
      await this.#storeSequenced(wanted, { name: lane.name, epoch: lane.epoch, position })
      return position
    })
  }

  async #storeSequenced(
    batch: readonly NewMessage[],
    lane: { readonly name: string; readonly epoch: number; readonly position: number },
  ): Promise<void> {
    const { ledger } = this.#state
    const waits: Promise<void>[] = []
    const part: Placed[] = []
    await ledger.room()
    const moment = this.#moment()
    // A duplicate id is stored already: the lane moves past it as past the others.
    for (let index = 0; index < batch.length; index++) {
      const placed = this.#place(batch[index] as NewMessage, moment, {
        index,
        exceptions: [],
        waits,
        part,
        failed: () => {},
      })
      if (placed !== undefined) part.push(placed)
    }
    await Promise.all(waits)
    await this.#underway(part, () =>
      ledger.commit([...part, write.lane(lane)], first => {
        this.#stored(part, first)
        ledger.model.lanes.set(lane.name, lane.epoch, lane.position)
      }),
    )
  }

  /** Gives a message its place. Undefined where it is not to be stored: then it says why, or what it waits for. */
  #place(
    { topic: name, delay, bytes }: NewMessage,
    { now, wall }: Moment,
    { index, exceptions, waits, part, failed }: Placing,
  ): Placed | undefined {
    const topic = this.#state.find(name)
    if (topic === undefined) {
      exceptions.push({ index, kind: 'failed', outcome: 'definite', error: topicNotFound(name) })
      return undefined
    }
    const { underway } = this.#state.ledger
    if (underway > MOST_UNDERWAY) {
      const error = tooMuchUnderway()
      failed(error)
      exceptions.push({ index, kind: 'failed', outcome: 'definite', error })
      return undefined
    }
    const id = head.isSupplied(bytes) ? head.id(bytes) : undefined
    if (id !== undefined && this.#isKnown(topic, id, now, part)) {
      waits.push(this.#duplicate(topic, id, index, exceptions))
      return undefined
    }
    this.#lastStored = Math.max(this.#lastStored, wall, topic.model.index.lastTime)
    const position = topic.next++
    const due = delay > 0 ? now + delay : 0
    completeHead(bytes, { topic: topic.model.number, position, stored: this.#lastStored, clock: now, due })
    return { kind: KIND.MESSAGE, body: bytes, index, topic, id, position, due, clock: now }
  }

  #moment(): Moment {
    const { clock } = this.#state.ledger
    return { now: clock.now(), wall: clock.wall() }
  }

  #isKnown(topic: LiveTopic, id: string, now: number, part: readonly Placed[]): boolean {
    if (topic.model.ids.has(id, now) || topic.underway.has(id)) return true
    return part.some(placed => placed.id === id && placed.topic === topic)
  }

  /** A duplicate is one when the first is stored, and has failed where that fails. */
  async #duplicate(topic: LiveTopic, id: string, index: number, exceptions: PublishException[]): Promise<void> {
    // The first may be of the same batch, and not given to the log yet.
    await undefined
    try {
      await topic.underway.get(id)
      exceptions.push({ index, kind: 'duplicate' })
    } catch (error) {
      exceptions.push({ index, kind: 'failed', outcome: outcomeOf(error), error })
    }
  }

  async #storePart(
    part: readonly Placed[],
    exceptions: PublishException[],
    failed: (error: unknown) => void,
  ): Promise<void> {
    try {
      await this.#underway(part, () => this.#state.ledger.commit(part, first => this.#stored(part, first)))
    } catch (error) {
      const outcome = outcomeOf(error)
      failed(error)
      for (const { index } of part) exceptions.push({ index, kind: 'failed', outcome, error })
    }
  }

  /** While something is on its way to the disk, whoever comes with the same id waits for it. */
  async #underway(part: readonly Placed[], store: () => Promise<void>): Promise<void> {
    const stored = store()
    const named = part.filter(({ id }) => id !== undefined)
    for (const { topic, id } of named) topic.underway.set(id as string, stored)
    try {
      await stored
    } finally {
      for (const { topic, id } of named) topic.underway.delete(id as string)
    }
  }

  /** They are on the device: whoever waits for them may have them. */
  #stored(part: readonly Placed[], first: number): void {
    const { ledger, reader } = this.#state
    const counts = new Map<LiveTopic, number>()
    let [last, count] = [undefined as LiveTopic | undefined, 0]
    for (let index = 0; index < part.length; index++) {
      const { topic, body, position, due, clock } = part[index] as Placed
      const { subscriptions } = topic
      const sequence = first + index
      ledger.model.store(sequence, body)
      if (topic !== last) {
        if (last !== undefined) counts.set(last, count)
        last = topic
        count = counts.get(topic) ?? 0
      }
      count++
      if (subscriptions.length === 0) continue
      reader.keep(sequence, body)
      for (let at = 0; at < subscriptions.length; at++) {
        ;(subscriptions[at] as LiveSubscription).queue.add(position, due, clock)
      }
    }
    if (last !== undefined) counts.set(last, count)
    const now = ledger.clock.now()
    for (const [{ subscriptions }, stored] of counts)
      for (const { consumers } of subscriptions) consumers.stir(stored, now)
  }
}
