import type { DiskFile } from './disk.js'

const CHUNK = 1024 * 1024

/** Reads a file from front to back, a chunk at a time. Chunks are not reused: what was read may be kept. */
export class FileWindow {
  readonly #file: DiskFile
  /** Bytes of the file; what is written behind them later is not seen. */
  readonly size: number
  #start = 0
  #bytes = Buffer.alloc(0)

  constructor(file: DiskFile, size: number) {
    this.#file = file
    this.size = size
  }

  /** The bytes from `offset`, where all of them are here. */
  held(offset: number, length: number): Buffer | undefined {
    const from = offset - this.#start
    return from >= 0 && from + length <= this.#bytes.length ? this.#bytes.subarray(from, from + length) : undefined
  }

  /** The bytes from `offset`, fewer only where the file ends. */
  async load(offset: number, length: number): Promise<Buffer> {
    const held = this.held(offset, length)
    if (held !== undefined) return held
    const bytes = Buffer.allocUnsafeSlow(Math.max(0, Math.min(Math.max(length, CHUNK), this.size - offset)))
    const read = bytes.length === 0 ? 0 : await this.#file.read(bytes, offset)
    this.#start = offset
    this.#bytes = bytes.subarray(0, read)
    return this.#bytes.subarray(0, length)
  }

  /** The next chunk from `offset`: empty where the file ends. */
  chunk(offset: number): Promise<Buffer> {
    return this.load(offset, Math.min(CHUNK, Math.max(0, this.size - offset)))
  }
}
