import type { Headers, Payload } from '../../driver/message.js'

/** What a client appends: the payload as it is, and everything else as headers. */
export interface SimRecord {
  readonly body: Payload
  readonly headers: Headers
}

/**
 * A record in its partition.
 *
 * @example
 * ```ts
 * import type { SimLogServer, StoredSimRecord } from '@pluribus/core/testing'
 *
 * const everyThird = ({ position }: StoredSimRecord) => position % 3 === 0
 * const makeHoles = (server: SimLogServer) => server.compact('orders.placed', everyThird)
 * ```
 */
export interface StoredSimRecord extends SimRecord {
  /** Grows, with gaps: markers take positions that no reader sees, and compaction leaves holes. */
  readonly position: number
  /** When it was appended, by the server's clock, in milliseconds since the epoch. */
  readonly time: number
}

/** What a read found. */
export interface SimRead {
  readonly records: readonly StoredSimRecord[]
  /** Where to read on: beyond every gap that follows the last record. */
  readonly next: number
}

function sizeOf({ body, headers }: SimRecord): number {
  let size = typeof body === 'string' ? body.length : body.byteLength
  for (const name in headers) size += name.length + (headers[name] as string).length
  return size
}

/** An append-only list of records with growing positions. */
export class SimPartition {
  #records: StoredSimRecord[] = []
  #begin = 0
  #end = 0
  #bytes = 0

  get begin(): number {
    return this.#begin
  }

  /** The position of the next record. */
  get end(): number {
    return this.#end
  }

  get records(): readonly StoredSimRecord[] {
    return this.#records
  }

  /** Answers the position. */
  append(record: SimRecord, time: number): number {
    const position = this.#end++
    this.#records.push({ body: record.body, headers: record.headers, position, time })
    this.#bytes += sizeOf(record)
    return position
  }

  /** A position that no reader sees, as the end of a transaction leaves it. */
  appendMarker(): void {
    this.#end++
  }

  /** From before the beginning it reads from there. */
  read(from: number, most: number): SimRead {
    const start = this.#indexAt(from)
    const records = this.#records.slice(start, start + most)
    const last = records.at(-1)
    const isWhole = start + records.length === this.#records.length
    return { records, next: isWhole || last === undefined ? Math.max(from, this.#end) : last.position + 1 }
  }

  /** The first position that was appended at or after a time; the end where there is none. */
  positionAt(time: number): number {
    return this.#records.find(record => record.time >= time)?.position ?? this.#end
  }

  /** Deletes what is before a position. */
  trim(before: number): void {
    this.#drop(this.#indexAt(before))
    this.#begin = Math.max(this.#begin, Math.min(before, this.#end))
  }

  /** Deletes what is older than a time, and the oldest beyond so many bytes. */
  expire(before: number, bytes: number): void {
    let count = 0
    let left = this.#bytes
    for (const record of this.#records) {
      if (record.time >= before && left <= bytes) break
      left -= sizeOf(record)
      count++
    }
    if (count === 0) return
    this.#drop(count)
    this.#begin = this.#records[0]?.position ?? this.#end
  }

  /** Makes holes. */
  remove(matches: (record: StoredSimRecord) => boolean): void {
    this.#records = this.#records.filter(record => !matches(record))
    this.#bytes = this.#records.reduce((sum, record) => sum + sizeOf(record), 0)
  }

  #drop(count: number): void {
    for (const record of this.#records.splice(0, count)) this.#bytes -= sizeOf(record)
  }

  /** The index of the first record at or after a position. */
  #indexAt(position: number): number {
    let low = 0
    let high = this.#records.length
    while (low < high) {
      const middle = (low + high) >>> 1
      if ((this.#records[middle] as StoredSimRecord).position < position) low = middle + 1
      else high = middle
    }
    return low
  }
}
