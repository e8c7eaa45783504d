import type { AbsentRange } from './absent-range.js'
import { type Chain, type LinkedSegment, linkSegments } from './chain.js'
import type { Damage } from './damage.js'
import type { Disk } from './disk.js'
import { FileWindow } from './file-window.js'
import { BATCH_HEADER } from './format/batch-header.js'
import type { LogRecord } from './format/record-frame.js'
import { logSeed } from './format/seeds.js'
import { SEGMENT_HEADER, type SegmentEnd } from './format/segment-header.js'
import { type FoundSegment, type Inventory, latestGeneration } from './inventory.js'
import type { LogProgress } from './progress.js'
import { type ScannedBatch, type ScanVisitor, SegmentScanner } from './segment-scanner.js'

/** A segment after it was read, or known from the header behind it. */
export interface SurveyedSegment {
  readonly link: LinkedSegment
  readonly base: number
  readonly end: SegmentEnd
  readonly damage: readonly Damage[]
  /** Time of its last batch; of its making where it has none, or was not read. */
  readonly lastTime: number
}

/** What a log is found to be. */
export interface Survey {
  readonly segments: readonly SurveyedSegment[]
  readonly orphans: readonly FoundSegment[]
  readonly damage: readonly Damage[]
  /** Sequence numbers, of what was read, that the log itself says it does not have. */
  readonly absent: readonly AbsentRange[]
  /** Sequence number of the next record. */
  readonly next: number
  readonly lastTime: number
  readonly generation: number
  /** Last batch of the last segment, where nothing proves that it is on the device: only the page cache may have it. */
  readonly unproven: ScannedBatch | undefined
  /** Bytes behind the end of the last segment: a batch that was being written when its writer ended. */
  readonly torn: boolean
}

/** What a survey reads. */
export interface SurveyOptions {
  /** Whether to read segments, too, that a checkpoint makes unnecessary. */
  readonly all: boolean
  /** Called with every record that has a larger sequence number, in order. */
  readonly after: number
  record(record: LogRecord): void
  /** Awaited after each batch. */
  readonly pace?: (() => Promise<void>) | undefined
  progress(progress: LogProgress): void
}

/** Reads a log without changing anything. */
export async function surveyLog(disk: Disk, inventory: Inventory, options: SurveyOptions): Promise<Survey> {
  return await new Surveyor(disk, inventory, options).run()
}

class Surveyor {
  readonly #disk: Disk
  readonly #inventory: Inventory
  readonly #options: SurveyOptions
  readonly #log: number
  readonly #chain: Chain
  readonly #segments: SurveyedSegment[] = []
  readonly #absent: AbsentRange[] = []
  #last: ScannedBatch | undefined
  #torn = false
  #time = 0

  constructor(disk: Disk, inventory: Inventory, options: SurveyOptions) {
    this.#disk = disk
    this.#inventory = inventory
    this.#options = options
    this.#log = logSeed(inventory.logId ?? Buffer.alloc(0))
    const kept = inventory.checkpoints.map(({ checkpoint }) => checkpoint.keepFrom)
    this.#chain = linkSegments(inventory.segments, Math.max(1, ...kept))
  }

  async run(): Promise<Survey> {
    const { segments } = this.#chain
    const from = this.#firstToRead()
    const total = segments.slice(from).reduce((sum, { found }) => sum + (found?.size ?? 0), 0)
    let read = 0
    for (const link of segments.slice(0, from)) this.#segments.push(this.#believed(link))
    for (const link of segments.slice(from)) {
      this.#segments.push(await this.#read(link))
      read += link.found?.size ?? 0
      this.#options.progress({ read, total })
    }
    const found = segments.at(-1)?.found
    const tail = this.#lostTail()
    const damage = [...this.#segments.flatMap(segment => segment.damage), ...(tail === undefined ? [] : [tail])]
    return {
      segments: this.#segments,
      orphans: this.#chain.orphans,
      damage,
      absent: this.#absent,
      next: Math.max(1, tail?.next ?? 1, this.#segments.at(-1)?.end.next ?? 1),
      lastTime: this.#time,
      generation: latestGeneration(this.#inventory),
      unproven: found?.header !== undefined && this.#mark(found) === undefined ? this.#last : undefined,
      torn: this.#torn,
    }
  }

  /** The first segment that may hold what the checkpoint does not; all of them where any link is unknown. */
  #firstToRead(): number {
    const { segments } = this.#chain
    const checkpoint = this.#inventory.checkpoints[0]?.checkpoint
    const isWhole = segments.every(({ found, end }, index) => found?.header && (end || index === segments.length - 1))
    if (this.#options.all || checkpoint === undefined || !isWhole) return 0
    return Math.max(
      0,
      segments.findLastIndex(({ found }) => (found?.base ?? 0) <= checkpoint.sequence + 1),
    )
  }

  #believed(link: LinkedSegment): SurveyedSegment {
    const { base, header } = link.found as FoundSegment
    return { link, base, end: link.end as SegmentEnd, damage: [], lastTime: header?.time ?? 0 }
  }

  async #read(link: LinkedSegment): Promise<SurveyedSegment> {
    const { found } = link
    if (found === undefined) return this.#missing(link)
    const { header, base } = found
    this.#time = Math.max(this.#time, header?.time ?? 0)
    if (header !== undefined && header.previous.next < base)
      this.#absent.push({ first: header.previous.next, next: base })
    const file = await this.#disk.open(found.path)
    try {
      const segment = { id: found.id, base: found.base, end: link.end ?? this.#mark(found)?.end, before: link.before }
      const scanner = new SegmentScanner(new FileWindow(file, found.size), segment, this.#log)
      const damage: Damage[] = found.header === undefined ? [this.#brokenHeader(found)] : []
      const { pace } = this.#options
      const visitor = this.#visitor(found.id, damage)
      // A scan without a limit ends with its segment.
      while (await scanner.advance(visitor, pace === undefined ? Number.POSITIVE_INFINITY : 1)) await pace?.()
      this.#torn = segment.end === undefined && (await scanner.hasRemainder())
      return { link, base: found.base, end: scanner.end, damage, lastTime: this.#time }
    } finally {
      await file.close()
    }
  }

  #visitor(segmentId: number, damage: Damage[]): ScanVisitor {
    this.#last = undefined
    const { after } = this.#options
    return {
      batch: batch => {
        const { kind, time, first, count } = batch.header
        this.#last = kind === 'data' ? batch : undefined
        this.#time = Math.max(this.#time, time)
        if (kind === 'lost') this.#absent.push({ first, next: first + count })
        for (const record of batch.records) if (record.sequence > after) this.#options.record(record)
      },
      damage: region => damage.push({ kind: 'batches', segmentId, ...region }),
    }
  }

  #missing(link: LinkedSegment): SurveyedSegment {
    const before = this.#segments.at(-1)
    const { checkpoints } = this.#inventory
    const end = link.end ?? { offset: SEGMENT_HEADER + BATCH_HEADER, next: link.before as number }
    const kept = before?.end.next ?? Math.max(1, ...checkpoints.map(({ checkpoint }) => checkpoint.keepFrom))
    // Without a batch it had no record: what the one before does not have either was never there. Where there is none before, nobody knows.
    const isEmpty = end.offset === SEGMENT_HEADER
    const first = isEmpty && before !== undefined ? end.next : Math.min(kept, end.next)
    const damage: Damage = {
      kind: 'segment',
      segmentId: link.id,
      offset: 0,
      end: end.offset,
      first,
      next: end.next,
    }
    return { link, base: isEmpty ? end.next : first, end, damage: [damage], lastTime: this.#time }
  }

  /** Its name tells where it begins. What should be between it and the segment before may have been declared there, and is not known. */
  #brokenHeader({ id, base }: FoundSegment): Damage {
    const first = Math.min(base, this.#segments.at(-1)?.end.next ?? base)
    return { kind: 'header', segmentId: id, offset: 0, end: SEGMENT_HEADER, first, next: base }
  }

  #mark({ id }: FoundSegment) {
    const { clean } = this.#inventory
    return clean?.segmentId === id ? clean : undefined
  }

  /** A log is never shorter than a checkpoint, or an orderly close, says that it was. */
  #lostTail(): Damage | undefined {
    const last = this.#segments.at(-1)
    const { checkpoints, clean } = this.#inventory
    const next = Math.max(0, clean?.end.next ?? 0, ...checkpoints.map(({ checkpoint }) => checkpoint.next))
    const first = last?.end.next ?? Math.max(1, ...checkpoints.map(({ checkpoint }) => checkpoint.keepFrom))
    if (next <= first) return undefined
    const offset = last?.end.offset ?? 0
    return { kind: 'tail', segmentId: last?.link.id ?? 0, offset, end: offset, first, next }
  }
}
