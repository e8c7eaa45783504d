import type { SegmentEnd } from './format/segment-header.js'
import type { SegmentName } from './paths.js'

const BETWEEN_MARKS = 64 * 1024

/** One segment of an open log. */
export class SegmentEntry {
  readonly id: number
  readonly generation: number
  readonly base: number
  readonly path: string
  lastTime: number
  #end: SegmentEnd
  /** Where some of the batches begin, so that a reader need not begin at the first. */
  readonly #marks: SegmentEnd[] = []

  constructor(entry: SegmentName & { readonly path: string; readonly end: SegmentEnd; readonly lastTime: number }) {
    this.id = entry.id
    this.generation = entry.generation
    this.base = entry.base
    this.path = entry.path
    this.lastTime = entry.lastTime
    this.#end = entry.end
  }

  /** Everything before it is on the device. */
  get end(): SegmentEnd {
    return this.#end
  }

  /** One more batch is on the device. */
  extend(end: SegmentEnd, time: number): void {
    this.mark(this.#end)
    this.#end = end
    this.lastTime = time
  }

  /** A batch begins here. Told in the order of batches. */
  mark(start: SegmentEnd): void {
    if (start.offset >= (this.#marks.at(-1)?.offset ?? 0) + BETWEEN_MARKS) this.#marks.push(start)
  }

  /** Where to begin to read for a record: not behind it. Undefined: at the first batch. */
  startFor(sequence: number): SegmentEnd | undefined {
    return this.#marks.findLast(({ next }) => next <= sequence)
  }
}

/** The segments of an open log, oldest first; the last is the one being written. */
export class SegmentTable {
  readonly #entries: SegmentEntry[]

  constructor(entries: readonly SegmentEntry[]) {
    this.#entries = [...entries]
  }

  get entries(): readonly SegmentEntry[] {
    return this.#entries
  }

  get current(): SegmentEntry {
    return this.#entries.at(-1) as SegmentEntry
  }

  push(entry: SegmentEntry): void {
    this.#entries.push(entry)
  }

  /** The segment that has the first record from `sequence` on, or undefined where there is none yet. */
  holding(sequence: number): SegmentEntry | undefined {
    return this.#entries.find(({ base, end }) => end.next > sequence && end.next > base)
  }

  /** Takes the oldest one out, if all its records are before `sequence` and it is not the one being written. */
  takeBefore(sequence: number): SegmentEntry | undefined {
    const [oldest, next] = this.#entries
    return oldest !== undefined && next !== undefined && oldest.end.next <= sequence ? this.#entries.shift() : undefined
  }
}
