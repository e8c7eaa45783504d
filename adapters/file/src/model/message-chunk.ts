/** Positions in a chunk. */
export const CHUNK = 1_024

/** The messages at positions that lie next to each other, by their place within the chunk. */
export class MessageChunk {
  /** Its first position is this times {@link CHUNK}. */
  readonly number: number
  /** Sequence number of each one's record; 0 where there is no message (any more). */
  readonly sequences = new Float64Array(CHUNK)
  /** When each was stored, in milliseconds since the epoch; never falling. */
  readonly times = new Float64Array(CHUNK)
  /** As retention counts them. */
  readonly sizes = new Uint32Array(CHUNK)
  /** There only once a message of the chunk has one. */
  keys: (string | undefined)[] | undefined
  priorities: Uint16Array | undefined
  dues: Float64Array | undefined
  count = 0
  bytes = 0
  /** The latest of the times. */
  latest = 0
  /** As it stands in a checkpoint: whoever changes anything else here sets it back, so that only what has changed is written anew. */
  written: Buffer | undefined = undefined

  constructor(number: number) {
    this.number = number
  }

  setKey(at: number, key: string): void {
    this.keys ??= new Array<string | undefined>(CHUNK)
    this.keys[at] = key
  }

  setPriority(at: number, priority: number): void {
    this.priorities ??= new Uint16Array(CHUNK)
    this.priorities[at] = priority
  }

  setDue(at: number, due: number): void {
    this.dues ??= new Float64Array(CHUNK)
    this.dues[at] = due
  }
}
