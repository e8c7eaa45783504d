import { CommitLog, LogError } from '../../src/index.js'

import { SimDisk } from '../../src/testing/sim-disk.js'
import { isMissing } from '../../src/whole-file.js'
import { Ledger } from './ledger.js'
import { Dice } from './random.js'
import { insist } from './violation.js'

const LIMITS = { segmentBytes: 4096, pendingBytes: 8192, reserveBytes: 0 }

/** What the writers of one trial went through. */
export interface TakeoverResult {
  readonly records: number
  readonly writers: number
  /** Writers that were frozen, replaced, and went on without knowing it. */
  readonly zombies: number
  /** Writers that found out that they had been replaced. */
  readonly outdated: number
  /** Times that a log was opened once more. */
  readonly again: number
}

/**
 * Writers of one log that are frozen anywhere, replaced, and thawed anywhere, two or three at a time, and at the end the power may fail. None
 * may hear that a record is stored that its successor has not found; nothing acknowledged may ever be missing. Everything depends on the seed.
 */
export async function runTakeover(seed: number): Promise<TakeoverResult> {
  return await new TakeoverTrial(seed).run()
}

class Writer {
  readonly disk: SimDisk
  readonly generation: number
  isFrozen = false
  /** Ends when the writer has no more to do, or has been replaced. */
  work: Promise<void> = Promise.resolve()

  constructor(disk: SimDisk, generation: number) {
    this.disk = disk
    this.generation = generation
  }
}

class TakeoverTrial {
  readonly #dice: Dice
  readonly #ledger = new Ledger()
  readonly #first: SimDisk
  readonly #writers: Writer[] = []
  #owner = 0
  #time = 1_700_000_000_000
  #zombies = 0
  #outdated = 0
  #again = 0

  constructor(seed: number) {
    this.#dice = new Dice(seed)
    this.#first = new SimDisk(this.#dice.random)
  }

  async run(): Promise<TakeoverResult> {
    const count = 2 + this.#dice.roll(3)
    for (let index = 0; index < count; index++) await this.#next()
    const isFinished = this.#dice.chance(0.5)
    for (const writer of this.#writers) this.#thaw(writer)
    if (isFinished) await Promise.all(this.#writers.map(({ work }) => work))
    for (const { disk } of this.#writers) disk.stop()
    for (let opening = 0; opening < 2; opening++) {
      const disk = this.#first.restart(this.#dice.chance(0.5) ? 'power' : 'process')
      const log = await this.#open(disk, ++this.#owner)
      await this.#readAll(log)
    }
    const { size: records } = this.#ledger
    return {
      records,
      writers: this.#writers.length,
      zombies: this.#zombies,
      outdated: this.#outdated,
      again: this.#again,
    }
  }

  /** One more writer takes over, and works until it is frozen, or has nothing more to do. */
  async #next(): Promise<void> {
    const writer = new Writer(this.#first.beside(), ++this.#owner)
    this.#writers.push(writer)
    const freezeAt = 1 + this.#dice.roll(this.#dice.pick([15, 60, 150]))
    const thawAt = 1 + this.#dice.roll(60)
    const frozen = new Promise<void>(resolve => {
      writer.disk.fault = ({ number }) => {
        if (number === thawAt) this.#thaw(this.#dice.pick(this.#writers))
        if (number === freezeAt) {
          writer.disk.freeze()
          writer.isFrozen = true
          resolve()
        }
        return undefined
      }
    })
    writer.work = this.#work(writer)
    await Promise.race([writer.work, frozen])
    await this.#rest()
  }

  #thaw(writer: Writer): void {
    if (!writer.isFrozen) return
    writer.isFrozen = false
    if (writer.generation !== this.#owner) this.#zombies++
    writer.disk.thaw()
  }

  /** Some steps, which belong to whoever is not frozen. */
  async #rest(): Promise<void> {
    for (let left = this.#dice.roll(20); left > 0; left--) await undefined
  }

  async #work(writer: Writer): Promise<void> {
    try {
      const log = await this.#open(writer.disk, writer.generation)
      const waiting: Promise<void>[] = []
      const steps = 5 + this.#dice.roll(40)
      for (let step = 0; step < steps && writer.generation === this.#owner; step++) await this.#step(log, waiting)
      await Promise.all(waiting)
      if (this.#dice.chance(0.3)) await log.close()
    } catch (error) {
      if (!this.#isOutdated(error, writer.generation)) throw error
      this.#outdated++
    }
  }

  /** What may become of a writer that was replaced: it is told so, or misses a file that its successor has removed. */
  #isOutdated(error: unknown, generation: number): boolean {
    if (generation === this.#owner || !(error instanceof Error)) return false
    if (error instanceof LogError) return error.code === 'OUTDATED' || error.code === 'FAILED'
    return 'code' in error && (error.code === 'ENOENT' || error.code === 'EEXIST')
  }

  /** The last call of a writer that was replaced may come in between. */
  async #open(disk: SimDisk, generation: number): Promise<CommitLog> {
    for (;;) {
      try {
        return await this.#openOnce(disk, generation)
      } catch (error) {
        if (generation !== this.#owner || !isMissing(error)) throw error
        this.#again++
      }
    }
  }

  async #openOnce(disk: SimDisk, generation: number): Promise<CommitLog> {
    const found = new Map<number, number>()
    const log = await CommitLog.open({
      disk,
      generation,
      logId: Buffer.alloc(16, 7),
      limits: LIMITS,
      verify: () => {
        if (this.#owner !== generation) throw new Error(`${this.#owner} has the folder`)
      },
      environment: {
        clock: { now: () => ++this.#time, monotonic: () => ++this.#time },
        timers: { setImmediate: callback => queueMicrotask(callback) },
        random: this.#dice.random,
      },
      replay: {
        restore: ({ state }) => {
          const words = Buffer.from(state)
          for (let at = 0; at < words.length; at += 8) found.set(words.readUInt32LE(at), words.readUInt32LE(at + 4))
        },
        record: record => {
          insist(!found.has(record.sequence), () => `${record.sequence} comes twice`)
          found.set(record.sequence, this.#ledger.identify(record))
        },
      },
    })
    this.#ledger.opened(found, () => false)
    return log
  }

  async #step(log: CommitLog, waiting: Promise<void>[]): Promise<void> {
    const choice = this.#dice.random()
    if (choice < 0.6) waiting.push(...this.#append(log))
    else if (choice < 0.8) await Promise.all(waiting)
    else if (choice < 0.95) await this.#checkpoint(log)
    else await this.#readAll(log)
  }

  #append(log: CommitLog): Promise<void>[] {
    const records = this.#ledger.make(1 + this.#dice.roll(4), true, this.#dice.random)
    return [
      log.appendAll(records).then(
        first => {
          for (const [index, { id }] of records.entries()) this.#ledger.acknowledged(id, first + index)
        },
        (error: unknown) => {
          if (!(error instanceof LogError)) throw error
          const isFair = error.code === 'OVERLOADED' || this.#isOutdated(error, log.generation)
          insist(isFair, () => `an append was refused: ${error.message}`)
          for (const { id } of records) this.#ledger.refused(id, error.outcome)
        },
      ),
    ]
  }

  async #checkpoint(log: CommitLog): Promise<void> {
    const sequence = log.next - 1
    const known = [...this.#ledger.stored].filter(([stored]) => stored <= sequence).sort(([a], [b]) => a - b)
    if (log.generation !== this.#owner || known.length !== new Set(known.map(([stored]) => stored)).size) return
    const state = Buffer.alloc(known.length * 8)
    for (const [index, [stored, id]] of known.entries()) {
      state.writeUInt32LE(stored, index * 8)
      state.writeUInt32LE(id, index * 8 + 4)
    }
    const last = known.at(-1)?.[0] ?? 0
    await log.checkpoint({ sequence: last, state, keepFrom: Math.max(log.keepFrom, last + 1 - this.#dice.roll(30)) })
  }

  /** What the folder's writer reads is what is stored, from the first record that is still kept. */
  async #readAll(log: CommitLog): Promise<void> {
    const [from, until] = [log.keepFrom, log.next]
    const expected = [...this.#ledger.stored].filter(([sequence]) => sequence >= from && sequence < until)
    const read = new Map<number, number>()
    for await (const records of log.read(1)) {
      for (const record of records) read.set(record.sequence, this.#ledger.identify(record))
    }
    if (log.generation !== this.#owner) return
    for (const [sequence, id] of expected) {
      insist(read.get(sequence) === id, () => `${id} at ${sequence} is not read, but ${read.get(sequence)}`)
    }
  }
}
