import { PluribusError } from '@pluribus/core/driver'
import { type Frame, LENGTH_BYTES } from './frame.js'

/**
 * Puts frames together from what a socket delivers, however it is cut. It keeps the bytes that have arrived, and never makes room for bytes
 * that were only announced.
 */
export class FrameDecoder {
  /** The longest frame that is taken, in bytes behind its length. */
  limit: number
  #chunks: Buffer[] = []
  #held = 0

  constructor(limit: number) {
    this.limit = limit
  }

  /** Bytes of a frame that is not complete. */
  get held(): number {
    return this.#held
  }

  /**
   * The frames that are complete now. A frame that arrived in one piece is a view of it. To be read to its end.
   *
   * @throws PluribusError `DECODING` for a length that is none. Nothing more can be read then.
   */
  *push(chunk: Buffer): Generator<Frame, void, undefined> {
    let rest = this.#held === 0 ? chunk : this.#joined(chunk)
    while (rest !== undefined && rest.length >= LENGTH_BYTES) {
      const length = this.#lengthIn(rest)
      if (rest.length < LENGTH_BYTES + length) break
      const type = rest[LENGTH_BYTES] as number
      const body = rest.subarray(LENGTH_BYTES + 1, LENGTH_BYTES + length)
      rest = rest.subarray(LENGTH_BYTES + length)
      yield { type, body }
    }
    if (rest === undefined || rest.length === 0) return
    this.#chunks.push(rest)
    this.#held += rest.length
  }

  /** Everything that is held and the chunk, once that completes a frame; until then it is kept as it came. */
  #joined(chunk: Buffer): Buffer | undefined {
    this.#chunks.push(chunk)
    this.#held += chunk.length
    if (this.#held < LENGTH_BYTES || this.#held < LENGTH_BYTES + this.#lengthIn(this.#beginning())) return undefined
    const joined = Buffer.concat(this.#chunks)
    this.#chunks = []
    this.#held = 0
    return joined
  }

  /** A buffer that has the length in it. */
  #beginning(): Buffer {
    const [first] = this.#chunks
    if (first !== undefined && first.length >= LENGTH_BYTES) return first
    const joined = Buffer.concat(this.#chunks)
    this.#chunks = [joined]
    return joined
  }

  #lengthIn(bytes: Buffer): number {
    const length = bytes.readUInt32LE(0)
    if (length >= 1 && length <= this.limit) return length
    throw new PluribusError(
      'DECODING',
      `The peer announced a frame of ${length} bytes; from 1 to ${this.limit} are legal.`,
    )
  }
}
