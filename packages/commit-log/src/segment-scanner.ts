import type { FileWindow } from './file-window.js'
import {
  ALIGNMENT,
  BATCH_HEADER,
  BATCH_MAGIC,
  type BatchHeader,
  batchSize,
  decodeBatchHeader,
} from './format/batch-header.js'
import { decodeRecords, type LogRecord } from './format/record-frame.js'
import { batchSeed } from './format/seeds.js'
import { SEGMENT_HEADER, type SegmentEnd } from './format/segment-header.js'

const EMPTY = Buffer.alloc(0)

/** A batch whose every byte has checked. */
export interface ScannedBatch {
  readonly offset: number
  readonly header: BatchHeader
  /** The bytes of the records. */
  readonly body: Buffer
  /** None where the batch declares a loss. */
  readonly records: readonly LogRecord[]
}

/** Bytes where batches should be and are not: the sequence numbers from `first` up to, but not including, `next` are gone. */
export interface DamagedRegion {
  readonly offset: number
  readonly end: number
  readonly first: number
  readonly next: number
}

/** What a scan tells. */
export interface ScanVisitor {
  batch(batch: ScannedBatch): void
  damage(region: DamagedRegion): void
}

/** Which segment is scanned. */
export interface ScannedSegment {
  readonly id: number
  readonly base: number
  /** Where it ends, if another segment says so. Without that it ends with its last intact batch. */
  readonly end: SegmentEnd | undefined
  /** Sequence number of the first record of the segment behind it: what it repeats is read there. */
  readonly before: number | undefined
}

/**
 * Reads the batches of one segment in order, checks everything, and tells damage from an end: since only one batch is ever unsynced,
 * an intact batch behind one that is not proves that what is not was, once. Invariant: `next` is the sequence number that the batch at
 * `offset` has to begin with.
 */
export class SegmentScanner {
  readonly #window: FileWindow
  readonly #segment: ScannedSegment
  readonly #log: number
  readonly #before: number
  #offset: number
  #next: number

  /** @param from Where a batch begins: for readers that know the segment. Default: its first. */
  constructor(window: FileWindow, segment: ScannedSegment, log: number, from?: SegmentEnd) {
    this.#window = window
    this.#segment = segment
    this.#log = log
    this.#before = segment.before ?? Number.POSITIVE_INFINITY
    this.#offset = from?.offset ?? SEGMENT_HEADER
    this.#next = from?.next ?? segment.base
  }

  /** Behind the last batch that was told. */
  get end(): SegmentEnd {
    return { offset: this.#offset, next: this.#next }
  }

  /** Goes on for up to `batches` batches. False once the segment has ended. */
  async advance(visitor: ScanVisitor, batches = Number.POSITIVE_INFINITY): Promise<boolean> {
    const limit = this.#segment.end?.offset ?? this.#window.size
    for (let count = 0; count < batches; count++) {
      if (this.#offset >= limit) return this.#finish(visitor)
      const batch = await this.#batchHere(limit)
      if (batch !== undefined) {
        this.#offset += batchSize(batch.header)
        this.#next += batch.header.count
        visitor.batch(batch)
        continue
      }
      const later = await this.#laterBatch(limit)
      if (later === undefined) return this.#finish(visitor)
      visitor.damage({ offset: this.#offset, end: later.offset, first: this.#next, next: later.next })
      this.#offset = later.offset
      this.#next = later.next
    }
    return true
  }

  /** Whether anything but zeros stands behind the end: a batch that was being written. */
  async hasRemainder(): Promise<boolean> {
    for (let at = this.#offset; at < this.#window.size; ) {
      const chunk = await this.#window.chunk(at)
      if (chunk.length === 0) return false
      if (chunk.some(byte => byte !== 0)) return true
      at += chunk.length
    }
    return false
  }

  async #batchHere(limit: number): Promise<ScannedBatch | undefined> {
    const window = this.#window
    const offset = this.#offset
    if (this.#next >= this.#before) return undefined
    const head = window.held(offset, BATCH_HEADER) ?? (await window.load(offset, BATCH_HEADER))
    const header = decodeBatchHeader(head, 0, batchSeed(this.#log, this.#segment.id, offset))
    if (header === undefined || header.first !== this.#next || offset + BATCH_HEADER + header.length > limit) {
      return undefined
    }
    if (header.kind === 'lost') return { offset, header, body: EMPTY, records: [] }
    const start = offset + BATCH_HEADER
    const body = window.held(start, header.length) ?? (await window.load(start, header.length))
    if (body.length < header.length) return undefined
    const records = decodeRecords(body, header, this.#log)
    return records === undefined ? undefined : { offset, header, body, records }
  }

  /** The next header of this segment behind one that is not intact: its sum and its numbers cannot come about by chance. */
  async #laterBatch(limit: number): Promise<SegmentEnd | undefined> {
    for (let at = this.#offset + ALIGNMENT; at + BATCH_HEADER <= limit; ) {
      const chunk = await this.#window.chunk(at)
      for (let found = chunk.indexOf(BATCH_MAGIC); found >= 0; found = chunk.indexOf(BATCH_MAGIC, found + 1)) {
        if (found % ALIGNMENT !== 0) continue
        const header = decodeBatchHeader(chunk, found, batchSeed(this.#log, this.#segment.id, at + found))
        if (header !== undefined && header.first >= this.#next && header.first < this.#before) {
          return { offset: at + found, next: header.first }
        }
      }
      if (at + chunk.length >= this.#window.size || chunk.length < BATCH_HEADER) return undefined
      at += Math.floor((chunk.length - BATCH_HEADER) / ALIGNMENT) * ALIGNMENT + ALIGNMENT
    }
    return undefined
  }

  #finish(visitor: ScanVisitor): false {
    const { end } = this.#segment
    if (end !== undefined && (this.#offset < end.offset || this.#next !== end.next)) {
      visitor.damage({ offset: this.#offset, end: end.offset, first: this.#next, next: end.next })
      this.#offset = end.offset
      this.#next = end.next
    }
    return false
  }
}
