/** Sequence numbers in a chunk. */
const CHUNK = 256
const MASK = CHUNK - 1
/** What a message takes beside its bytes, about, in bytes: the view of them, and its place here. */
export const AROUND = 128

class Chunk {
  readonly kept = new Array<Buffer | undefined>(CHUNK).fill(undefined)
  readonly start: number
  count = 0
  /** Nothing is kept before it. */
  first = 0
  older: Chunk | undefined = undefined
  younger: Chunk | undefined = undefined

  constructor(start: number) {
    this.start = start
  }
}

/** Holds nothing, so that looking at the recent chunk needs no test for undefined. */
const NOWHERE = new Chunk(-1)

/**
 * Records that were written or read lately, by sequence number, up to so many bytes, the objects around them included. The oldest go first.
 * In chunks rather than in a map with an entry for each, because what is written comes, and goes, in the order of its numbers.
 */
export class MessageCache {
  readonly #limit: number
  /** By their start. */
  readonly #chunks = new Map<number, Chunk>()
  #oldest: Chunk | undefined = undefined
  /** Stays when it is empty: it is the next to be filled. */
  #youngest: Chunk | undefined = undefined
  #recent = NOWHERE
  #bytes = 0

  /** @param limit Bytes. */
  constructor(limit: number) {
    this.#limit = limit
  }

  get(sequence: number): Buffer | undefined {
    return this.#find(sequence)?.kept[sequence & MASK]
  }

  put(sequence: number, bytes: Buffer): void {
    if (bytes.length + AROUND > this.#limit / 4) return
    const chunk = this.#find(sequence) ?? this.#create(sequence)
    const at = sequence & MASK
    if (chunk.kept[at] !== undefined) return
    chunk.kept[at] = bytes
    chunk.count++
    chunk.first = Math.min(chunk.first, at)
    this.#bytes += bytes.length + AROUND
    while (this.#bytes > this.#limit) this.#dropOldest(this.#oldest as Chunk)
  }

  forget(sequence: number): void {
    const chunk = this.#find(sequence)
    if (chunk !== undefined) this.#remove(chunk, sequence & MASK)
  }

  #dropOldest(oldest: Chunk): void {
    while (oldest.kept[oldest.first] === undefined) oldest.first++
    this.#remove(oldest, oldest.first)
  }

  #remove(chunk: Chunk, at: number): void {
    const bytes = chunk.kept[at]
    if (bytes === undefined) return
    chunk.kept[at] = undefined
    this.#bytes -= bytes.length + AROUND
    if (--chunk.count === 0) this.#emptied(chunk)
  }

  #emptied(chunk: Chunk): void {
    chunk.first = CHUNK
    if (chunk !== this.#youngest) this.#discard(chunk)
  }

  #find(sequence: number): Chunk | undefined {
    const start = sequence - (sequence & MASK)
    if (this.#recent.start === start) return this.#recent
    const chunk = this.#chunks.get(start)
    if (chunk !== undefined) this.#recent = chunk
    return chunk
  }

  #create(sequence: number): Chunk {
    const chunk = new Chunk(sequence - (sequence & MASK))
    const before = this.#youngest
    this.#chunks.set(chunk.start, chunk)
    this.#recent = chunk
    this.#youngest = chunk
    chunk.older = before
    if (before === undefined) this.#oldest = chunk
    else {
      before.younger = chunk
      if (before.count === 0) this.#discard(before)
    }
    return chunk
  }

  #discard(chunk: Chunk): void {
    const { older, younger } = chunk
    this.#chunks.delete(chunk.start)
    if (this.#recent === chunk) this.#recent = NOWHERE
    if (older === undefined) this.#oldest = younger
    else older.younger = younger
    if (younger !== undefined) younger.older = older
  }
}
