import { CommitLog, type RecoveryReport, verifyLog } from '../../src/index.js'
import { LogError } from '../../src/log-error.js'
import { SimDisk } from '../../src/testing/sim-disk.js'
import { faultsFor, isHonest, TEMPERS, type Temper } from './faults.js'
import { Ledger } from './ledger.js'
import { Dice } from './random.js'
import { insist } from './violation.js'

const LIMITS = { segmentBytes: 4096, pendingBytes: 8192, reserveBytes: 8192 }
const VITAL = 7
const STOPPED = Symbol('stopped')

/** What a trial went through, so that two runs can be compared. */
export interface TrialResult {
  readonly calls: number
  readonly records: number
  readonly crashes: number
  readonly repairs: number
}

/** One log on one disk, through a few processes. Everything that happens depends on the seed alone. */
export async function runTrial(seed: number): Promise<TrialResult> {
  return await new Trial(seed).run()
}

class Trial {
  readonly #dice: Dice
  readonly #temper: Temper
  readonly #ledger = new Ledger()
  #disk: SimDisk
  #time = 1_700_000_000_000
  #calls = 0
  #crashes = 0
  #repairs = 0
  /** A sync was lied about, or a sector lost, since which anything at the end may be gone. */
  #hasLied = false

  constructor(seed: number) {
    this.#dice = new Dice(seed)
    this.#temper = TEMPERS[seed % TEMPERS.length] as Temper
    this.#disk = new SimDisk(this.#dice.random)
  }

  async run(): Promise<TrialResult> {
    const lives = 2 + this.#dice.roll(4)
    for (let life = 0; life < lives; life++) await this.#live(false)
    // What was never synced, whatever was said, is gone now if it will ever be.
    if (this.#hasLied) this.#disk = this.#disk.restart('power')
    // The last two are undisturbed: what the first one finds, the second one finds again.
    await this.#live(true)
    const before = new Map(this.#ledger.stored)
    await this.#live(true)
    for (const [sequence, id] of before) insist(this.#ledger.stored.get(sequence) === id, () => `${id} did not stay`)
    return { calls: this.#calls, records: this.#ledger.size, crashes: this.#crashes, repairs: this.#repairs }
  }

  /** One process, from its start to its end. */
  async #live(isLast: boolean): Promise<void> {
    const disk = this.#disk
    const fault = faultsFor(this.#temper, this.#dice, isLast)
    disk.fault = call => {
      const found = fault(call)
      if (found === 'lie' || found === 'misdirect') this.#hasLied = true
      return found
    }
    disk.capacity = this.#temper === 'error' && !isLast ? 6000 + this.#dice.roll(60_000) : Number.POSITIVE_INFINITY
    const work = this.#work(disk)
    const ended = await Promise.race([work, disk.stopped.then(() => STOPPED)])
    this.#calls += disk.calls
    if (ended === STOPPED) this.#crashes++
    this.#disk = disk.restart(this.#dice.chance(0.5) ? 'power' : 'process')
    if (this.#temper === 'flip' && !isLast && this.#dice.chance(0.7)) this.#decay()
  }

  #decay(): void {
    const paths = this.#disk.paths.filter(path => !path.startsWith('quarantine'))
    if (paths.length > 0) this.#disk.flipBit(this.#dice.pick(paths))
    this.#hasLied = true
  }

  async #work(disk: SimDisk): Promise<void> {
    const log = await this.#open(disk)
    if (log === undefined) return
    const waiting: Promise<void>[] = []
    const steps = this.#dice.roll(30)
    for (let step = 0; step < steps; step++) await this.#step(log, waiting)
    await Promise.all(waiting)
    if (this.#dice.chance(0.3)) await this.#checkRead(log)
    if (this.#dice.chance(0.5)) await log.close()
  }

  async #open(disk: SimDisk): Promise<CommitLog | undefined> {
    try {
      return await this.#openAs(disk, 'refuse')
    } catch (error) {
      if (!(error instanceof LogError)) return this.#excuse(error)
      insist(error.code === 'DAMAGED' && !isHonest(this.#temper), () => `an honest disk, and ${error.message}`)
      this.#repairs++
      return await this.#openAs(disk, 'quarantine').catch(failed => this.#excuse(failed))
    }
  }

  /** A disk that fails calls may fail those of opening; a defect may not hide behind it. */
  #excuse(error: unknown): undefined {
    const isSimulated = error instanceof Error && 'code' in error && error.message.endsWith('a simulated failure')
    if (this.#temper === 'error' && isSimulated) return undefined
    throw error
  }

  async #openAs(disk: SimDisk, onDamage: 'refuse' | 'quarantine'): Promise<CommitLog> {
    const found = new Map<number, number>()
    const log = await CommitLog.open({
      disk,
      onDamage,
      limits: LIMITS,
      vitalKinds: [VITAL],
      environment: {
        clock: { now: () => ++this.#time, monotonic: () => ++this.#time },
        timers: { setImmediate: callback => this.#soon(callback) },
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
    this.#ledger.opened(found, this.#excuses(log, found))
    return log
  }

  /** On an honest disk nothing excuses a loss. Otherwise it was reported, or all that came last is gone, as if it had not come. */
  #excuses({ recovery }: { readonly recovery: RecoveryReport }, found: ReadonlyMap<number, number>) {
    if (!this.#hasLied) return () => false
    const last = Math.max(0, ...found.keys())
    const { damage, absent, discarded } = recovery
    const reported = [...damage, ...absent]
    return (sequence: number) =>
      sequence > last ||
      sequence >= (discarded?.first ?? Number.POSITIVE_INFINITY) ||
      reported.some(({ first, next }) => sequence >= first && sequence < next)
  }

  #soon(callback: () => void): void {
    let hops = this.#dice.roll(4)
    const hop = () => {
      if (hops-- > 0) queueMicrotask(hop)
      else callback()
    }
    queueMicrotask(hop)
  }

  async #step(log: CommitLog, waiting: Promise<void>[]): Promise<void> {
    const choice = this.#dice.random()
    if (choice < 0.7) waiting.push(...this.#append(log))
    else if (choice < 0.85) await Promise.all(waiting)
    else if (choice < 0.93) await this.#checkpoint(log)
    else if (choice < 0.96) this.#disk.capacity += 20_000
    else await this.#checkRead(log)
  }

  #append(log: CommitLog): Promise<void>[] {
    const isTogether = this.#dice.chance(0.3)
    const records = this.#ledger.make(1 + this.#dice.roll(5), isTogether, this.#dice.random)
    const calls = isTogether
      ? [{ records, call: log.appendAll(records) }]
      : records.map(record => ({ records: [record], call: log.append(record.kind, record.body) }))
    return calls.map(async ({ records, call }) => {
      try {
        const first = await call
        for (const [index, { id }] of records.entries()) this.#ledger.acknowledged(id, first + index)
      } catch (error) {
        if (!(error instanceof LogError)) throw error
        this.#checkRefusal(error)
        for (const { id } of records) this.#ledger.refused(id, error.outcome)
      }
    })
  }

  #checkRefusal({ code, message }: LogError): void {
    const isFair = code === 'OVERLOADED' || (this.#temper === 'error' && (code === 'FULL' || code === 'FAILED'))
    insist(isFair, () => `an append was refused: ${message}`)
  }

  async #checkpoint(log: CommitLog): Promise<void> {
    // Acknowledgements come in order, and some are still on their way.
    const sequence = Math.max(0, ...this.#ledger.stored.keys())
    const known = [...this.#ledger.stored].filter(([stored]) => stored <= sequence).sort(([a], [b]) => a - b)
    const state = Buffer.alloc(known.length * 8)
    for (const [index, [stored, id]] of known.entries()) {
      state.writeUInt32LE(stored, index * 8)
      state.writeUInt32LE(id, index * 8 + 4)
    }
    const keepFrom = Math.max(log.keepFrom, sequence + 1 - this.#dice.roll(60))
    try {
      await log.checkpoint({ sequence, state, keepFrom })
    } catch (error) {
      const isAltered = error instanceof LogError && error.code === 'DAMAGED'
      if (!isAltered || !this.#hasLied) this.#excuse(error)
    }
  }

  /** What is read is what is stored, from the first record that is still kept. */
  async #checkRead(log: CommitLog): Promise<void> {
    const from = 1 + this.#dice.roll(log.next)
    const until = log.next
    const read = new Map<number, number>()
    try {
      for await (const records of log.read(from)) {
        for (const record of records) {
          insist(record.sequence < log.next, () => `${record.sequence} is read before it is on the device`)
          read.set(record.sequence, this.#ledger.identify(record))
        }
      }
    } catch (error) {
      if (error instanceof LogError) {
        insist(error.code === 'DAMAGED' && this.#hasLied, () => `reading failed: ${error.message}`)
      } else this.#excuse(error)
      return
    }
    const absent = this.#hasLied ? (await verifyLog(this.#disk)).absent : []
    for (const [sequence, id] of this.#ledger.stored) {
      if (sequence < Math.max(from, log.keepFrom) || sequence >= until) continue
      if (!read.has(sequence) && absent.some(({ first, next }) => sequence >= first && sequence < next)) continue
      insist(read.get(sequence) === id, () => `${id} at ${sequence} is not read, but ${read.get(sequence)}`)
    }
  }
}
