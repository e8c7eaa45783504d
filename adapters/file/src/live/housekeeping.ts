import type { LogRecord, NewRecord, SegmentInfo } from '@pluribus/commit-log'
import { encodeCheckpoint } from '../format/checkpoint.js'
import { head } from '../format/message-head.js'
import { KIND } from '../format/record-kind.js'
import { read } from '../format/records.js'
import type { TopicModel } from '../model/topic-model.js'
import type { Administration } from './administration.js'
import type { FolderState } from './folder-state.js'

/** Housekeeping comes this often at most, and at least, in milliseconds. */
const SOONEST = 1_000
const LATEST = 60_000
/** How often where a topic is kept by bytes. */
const BY_BYTES = 5_000
/** Between two checkpoints so many times the bytes of one are written, at least. */
const CHECKPOINT_SHARE = 4
/** When the folder is closed, a share of it is enough, but for so many bytes, which are read again in no time. */
const SHARE_AT_CLOSE = 1 / 8
const LEAST_AT_CLOSE = 256 * 1_024
/** The log may be so many times as long as what is wanted of it, beside a few segments, before the rest is copied forward. */
const SPARSENESS = 2.5
const SPARE_SEGMENTS = 3
/** Segments that are emptied in one go. */
const SEGMENTS_AT_ONCE = 4
/** Bytes that are copied at once. */
const COPIED_AT_ONCE = 1_024 * 1_024

/** In bytes. */
export interface HousekeepingSizes {
  /** At which the log begins its next segment. */
  readonly segmentBytes: number
  /** Of records, after which a checkpoint is made. */
  readonly checkpointBytes: number
}

/** Retention, checkpoints, and room on the disk. */
export class Housekeeping {
  readonly #state: FolderState
  readonly #administration: Administration
  readonly #sizes: HousekeepingSizes
  /** Of the last checkpoint. */
  #checkpointBytes = 0
  #checkpointing: Promise<unknown> = Promise.resolve()

  constructor(state: FolderState, administration: Administration, sizes: HousekeepingSizes) {
    this.#state = state
    this.#administration = administration
    this.#sizes = sizes
  }

  /** Whether so much was written that a checkpoint is worth it. */
  get isDue(): boolean {
    return (
      this.#state.ledger.uncheckpointed >
      Math.max(this.#sizes.checkpointBytes, CHECKPOINT_SHARE * this.#checkpointBytes)
    )
  }

  /** Whether so much was written that reading it again takes longer than a checkpoint. */
  get isWorthOneAtClose(): boolean {
    return this.#state.ledger.uncheckpointed > Math.max(LEAST_AT_CLOSE, SHARE_AT_CLOSE * this.#checkpointBytes)
  }

  /** Answers in how many milliseconds it wants to be called again. */
  maintain(): Promise<number> {
    const { ledger } = this.#state
    return ledger.exclusively(async () => {
      const time = ledger.clock.wall()
      let next = LATEST
      for (const topic of ledger.model.topics()) {
        await this.#sweep(topic, time)
        topic.ids.purge(ledger.clock.now())
        next = Math.min(next, nextSweep(topic, time))
      }
      await this.#reclaim()
      if (this.isDue) await this.checkpoint()
      return Math.max(SOONEST, next)
    })
  }

  /** Stores all that is known, so that nothing before it need be read again. One at a time. */
  checkpoint(): Promise<void> {
    const done = this.#checkpointing.then(() => this.#checkpoint())
    this.#checkpointing = done.catch(() => {})
    return done
  }

  async #checkpoint(): Promise<void> {
    const { ledger } = this.#state
    const { log, model } = ledger
    if (model.sequence === 0) return
    ledger.uncheckpointed = 0
    const state = encodeCheckpoint(model)
    this.#checkpointBytes = state.length
    const keepFrom = Math.max(log.keepFrom, Math.min(model.wanted.first(model.sequence + 1), model.sequence + 1))
    await log.checkpoint({ sequence: model.sequence, state, keepFrom })
  }

  async #sweep(topic: TopicModel, time: number): Promise<void> {
    const { age, bytes } = topic.spec.retention
    const expired = age === undefined ? 1 : topic.index.since(time - age)
    const excess = bytes === undefined ? 1 : topic.index.lastBytes(bytes)
    await this.#administration.trimTo(topic, Math.max(expired, excess))
  }

  /** Removes segments that nobody wants, and sees to it that there are some. */
  async #reclaim(): Promise<void> {
    const { log, model } = this.#state.ledger
    const most = SPARSENESS * model.wanted.bytes + SPARE_SEGMENTS * this.#sizes.segmentBytes
    let bytes = log.segments.reduce((sum, segment) => sum + segment.bytes, 0)
    for (const segment of log.segments.slice(0, -1).slice(0, SEGMENTS_AT_ONCE)) {
      if (bytes <= most) break
      await this.#empty(segment)
      bytes -= segment.bytes
    }
    // A segment goes when two checkpoints agree.
    for (let times = 0; times < 2 && this.#hasUnwanted(); times++) await this.checkpoint()
  }

  #hasUnwanted(): boolean {
    const { log, model } = this.#state.ledger
    const [oldest, ...others] = log.segments
    if (oldest === undefined || others.length === 0) return false
    return oldest.next <= model.wanted.first(model.sequence + 1)
  }

  /** Copies what is wanted of a segment forward. */
  async #empty({ first, next }: SegmentInfo): Promise<void> {
    const { log } = this.#state.ledger
    let copies: NewRecord[] = []
    let bytes = 0
    for await (const records of log.read(first)) {
      for (const record of records) {
        if (record.sequence >= next || !this.#isWanted(record)) continue
        copies.push({ kind: record.kind === KIND.DEAD ? KIND.DEAD : KIND.MOVED, body: record.body })
        bytes += record.body.length
        if (bytes < COPIED_AT_ONCE) continue
        await this.#store(copies)
        copies = []
        bytes = 0
      }
      if ((records.at(-1) as LogRecord).sequence >= next - 1) break
    }
    if (copies.length > 0) await this.#store(copies)
  }

  #isWanted({ sequence, kind, body }: LogRecord): boolean {
    const { model } = this.#state.ledger
    if (kind === KIND.MESSAGE || kind === KIND.MOVED) {
      const bytes = Buffer.from(body.buffer, body.byteOffset, body.byteLength)
      return model.topicNumbered(head.topic(bytes))?.index.sequenceOf(head.position(bytes)) === sequence
    }
    if (kind !== KIND.DEAD) return false
    const { subscription, position } = read.dead(body)
    return model.subscriptionNumbered(subscription)?.subscription.deaths.get(position)?.sequence === sequence
  }

  async #store(copies: readonly NewRecord[]): Promise<void> {
    const { ledger } = this.#state
    await ledger.commit(copies, first => {
      for (let index = 0; index < copies.length; index++) {
        const { kind, body } = copies[index] as NewRecord
        const bytes = Buffer.from(body.buffer, body.byteOffset, body.byteLength)
        if (kind === KIND.DEAD) ledger.model.die(first + index, read.dead(bytes))
        else ledger.model.move(first + index, bytes)
      }
    })
  }
}

function nextSweep({ index, spec: { retention } }: TopicModel, time: number): number {
  const { age, bytes } = retention
  const next = bytes === undefined ? LATEST : BY_BYTES
  if (age === undefined) return next
  const oldest = index.since(time - age)
  return oldest === index.end ? next : Math.min(next, index.timeOf(oldest) + age - time)
}
