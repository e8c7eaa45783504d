import { close, fdatasync, openSync, write } from 'node:fs'

/** Bytes. */
const SMALLEST = 256 * 1_024

/** Who wants to know of a batch. Called in the order of the batches, before those are told who wait for it. */
export interface BatchEvents {
  /** What was appended so far is a batch, and is being written. */
  sealed?(): void
  /** It is on the device. */
  committed(): void
  /** Where this is given, the bytes of a batch are the callee's, and not written over. `position`: of the batch in the file. */
  keep?(bytes: Buffer, position: number): void
}

/**
 * Raw group commit, written to win: what is appended while one batch is written and synced is the next one; one buffer, one write and one
 * fdatasync a batch. A disk that fails ends the process, because nobody here would know what to do.
 */
export class GroupCommit {
  readonly #file: number
  readonly #events: BatchEvents
  #bytes = Buffer.allocUnsafeSlow(SMALLEST)
  #spare = Buffer.allocUnsafeSlow(SMALLEST)
  #end = 0
  #position: number
  #waiting: (() => void)[] = []
  #isRunning = false
  #drained: () => void = () => {}
  readonly #commit = () => this.#run()

  /** @param position Where the file ends. */
  constructor(path: string, position: number, events: BatchEvents) {
    this.#file = openSync(path, position === 0 ? 'wx+' : 'r+', 0o600)
    this.#position = position
    this.#events = events
  }

  /** For reading what is committed. */
  get file(): number {
    return this.#file
  }

  /** Where `reserve` has made room: valid until it is called again, or the turn ends. */
  get bytes(): Buffer {
    return this.#bytes
  }

  /** Where in the file the record at an offset of `bytes` will be. */
  positionOf(offset: number): number {
    return this.#position + offset
  }

  /** Makes room for a record in the next batch; answers its offset in `bytes`, to be filled in before the turn ends. */
  reserve(length: number): number {
    const at = this.#end
    this.#end += length
    if (this.#end > this.#bytes.length) this.#grow()
    if (!this.#isRunning) {
      this.#isRunning = true
      setImmediate(this.#commit)
    }
    return at
  }

  /** Resolves when what was reserved so far is on the device. */
  stored(): Promise<void> {
    return new Promise(resolve => this.#waiting.push(resolve))
  }

  /** Commits what waits, and closes the file. */
  async close(): Promise<void> {
    if (this.#isRunning) {
      await new Promise<void>(resolve => {
        this.#drained = resolve
      })
    }
    await new Promise(resolve => close(this.#file, resolve))
  }

  #run(): void {
    const [bytes, end, waiting, position] = [this.#bytes, this.#end, this.#waiting, this.#position]
    if (end === 0) {
      this.#isRunning = false
      return this.#drained()
    }
    const { keep } = this.#events
    this.#bytes = keep === undefined ? this.#spare : Buffer.allocUnsafeSlow(Math.max(SMALLEST, end + (end >>> 2)))
    this.#spare = bytes
    this.#end = 0
    this.#position += end
    this.#waiting = []
    this.#events.sealed?.()
    write(this.#file, bytes, 0, end, position, (failed, written) => {
      if (failed !== null || written !== end) throw failed ?? new Error('A short write.')
      fdatasync(this.#file, error => {
        if (error !== null) throw error
        // Those who are told append in this turn of the loop, and what they append goes with the next batch.
        setImmediate(this.#commit)
        keep?.(bytes.subarray(0, end), position)
        this.#events.committed()
        for (let i = 0; i < waiting.length; i++) (waiting[i] as () => void)()
      })
    })
  }

  #grow(): void {
    let length = this.#bytes.length
    while (length < this.#end) length *= 2
    const larger = Buffer.allocUnsafeSlow(length)
    larger.set(this.#bytes)
    this.#bytes = larger
  }
}
