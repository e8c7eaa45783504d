import { aligned, BATCH_HEADER, type BatchHeader, encodeBatchHeader } from './format/batch-header.js'
import { encodeRecord, RECORD_OVERHEAD } from './format/record-frame.js'
import { recordSeed } from './format/seeds.js'

const SMALLEST = 8 * 1024

/**
 * What is appended.
 *
 * @example
 * ```ts
 * import type { NewRecord } from '@pluribus/commit-log'
 *
 * const greeting: NewRecord = { kind: 1, body: Buffer.from('hello') }
 * ```
 */
export interface NewRecord {
  /** 0 to 255, for the caller. */
  readonly kind: number
  /** Copied before the append returns. */
  readonly body: Uint8Array
}

/** Bytes that a record takes in its batch. */
export const recordSize = ({ body }: NewRecord): number => RECORD_OVERHEAD + body.length

/**
 * The batch that is being filled. Records are encoded once, straight into the bytes that will be written; those who wait are kept by the
 * sequence numbers that they will be told, in two lists instead of an object for each.
 */
export class PendingBatch {
  #bytes = Buffer.allocUnsafeSlow(SMALLEST)
  #end = BATCH_HEADER
  #count = 0
  #first = 0
  #resolves: ((sequence: number) => void)[] = []
  #rejects: ((error: unknown) => void)[] = []
  #sequences: number[] = []

  get count(): number {
    return this.#count
  }

  get first(): number {
    return this.#first
  }

  /** Bytes of the records. */
  get length(): number {
    return this.#end - BATCH_HEADER
  }

  /** The bytes of the records. */
  get body(): Buffer {
    return this.#bytes.subarray(BATCH_HEADER, this.#end)
  }

  /** Encodes a record behind those that are there. Whoever calls has asked whether it may become as large. */
  add(record: NewRecord, sequence: number, log: number): void {
    if (this.#count === 0) this.#first = sequence
    const end = this.#end + recordSize(record)
    if (aligned(end) > this.#bytes.length) this.#grow(end)
    this.#end = encodeRecord(this.#bytes, this.#end, record, recordSeed(log, sequence))
    this.#count++
  }

  /** Somebody waits for what was added last, from `sequence` on. */
  wait(sequence: number, resolve: (sequence: number) => void, reject: (error: unknown) => void): void {
    this.#sequences.push(sequence)
    this.#resolves.push(resolve)
    this.#rejects.push(reject)
  }

  /** The bytes to write, for one segment: valid until the batch is settled. */
  seal(header: BatchHeader, seed: number): Buffer {
    const end = aligned(this.#end)
    this.#bytes.fill(0, this.#end, end)
    encodeBatchHeader(this.#bytes, header, seed)
    return this.#bytes.subarray(0, end)
  }

  resolve(): void {
    const { resolves, sequences } = this.#reset()
    for (let index = 0; index < resolves.length; index++) resolves[index]?.(sequences[index] as number)
  }

  reject(error: unknown): void {
    const { rejects } = this.#reset()
    for (const reject of rejects) reject(error)
  }

  #reset() {
    const settled = { resolves: this.#resolves, rejects: this.#rejects, sequences: this.#sequences }
    this.#resolves = []
    this.#rejects = []
    this.#sequences = []
    this.#end = BATCH_HEADER
    this.#count = 0
    return settled
  }

  #grow(needed: number): void {
    let length = this.#bytes.length
    while (length < aligned(needed)) length *= 2
    const larger = Buffer.allocUnsafeSlow(length)
    this.#bytes.copy(larger, 0, 0, this.#end)
    this.#bytes = larger
  }
}
