import { damaged } from './damage.js'
import type { Disk, DiskFile } from './disk.js'
import { FileWindow } from './file-window.js'
import type { LogRecord } from './format/record-frame.js'
import { type ScanVisitor, SegmentScanner } from './segment-scanner.js'
import type { SegmentEntry, SegmentTable } from './segment-table.js'
import { isMissing } from './whole-file.js'

const BATCHES_AT_ONCE = 64

/** Reads the records that are on the device, and verifies each, every time. */
export class LogReader {
  readonly #disk: Disk
  readonly #table: SegmentTable
  readonly #log: number
  readonly #keepFrom: () => number

  /** @param keepFrom Records before it are no longer wanted. */
  constructor(disk: Disk, table: SegmentTable, log: number, keepFrom: () => number) {
    this.#disk = disk
    this.#keepFrom = keepFrom
    this.#table = table
    this.#log = log
  }

  /** @throws LogError `DAMAGED`, where it comes to bytes that are not what was written. */
  async *read(from: number): AsyncGenerator<readonly LogRecord[], void, undefined> {
    for (let next = from; ; ) {
      const entry = this.#table.holding(next)
      if (entry === undefined) return
      const { end } = entry
      const file = await this.#open(entry)
      try {
        if (file !== undefined) yield* this.#readSegment(file, entry, next)
      } finally {
        await file?.close()
      }
      next = Math.max(next, end.next)
    }
  }

  /** Undefined where it was removed because it is no longer wanted: by this log, or by a writer before it that did not know it was that. */
  async #open(entry: SegmentEntry): Promise<DiskFile | undefined> {
    try {
      return await this.#disk.open(entry.path)
    } catch (error) {
      const isUnwanted = entry.end.next <= this.#keepFrom() || !this.#table.entries.includes(entry)
      if (isMissing(error) && isUnwanted) return undefined
      throw error
    }
  }

  async *#readSegment(file: DiskFile, entry: SegmentEntry, from: number): AsyncGenerator<readonly LogRecord[]> {
    const { id, base, end } = entry
    const window = new FileWindow(file, end.offset)
    const scanner = new SegmentScanner(window, { id, base, end, before: undefined }, this.#log, entry.startFor(from))
    let records: LogRecord[] = []
    const visitor: ScanVisitor = {
      batch: batch => {
        entry.mark({ offset: batch.offset, next: batch.header.first })
        for (const record of batch.records) if (record.sequence >= from) records.push(record)
      },
      damage: region => {
        if (region.next > from) throw damaged([{ kind: 'batches', segmentId: id, ...region }])
      },
    }
    for (let goesOn = true; goesOn; ) {
      goesOn = await scanner.advance(visitor, BATCHES_AT_ONCE)
      if (records.length > 0) yield records
      records = []
    }
  }
}
