import { CommitLog, LogError, type LogNotice } from '../../src/index.js'
import type { SimDisk } from '../../src/testing/sim-disk.js'
import type { Ledger } from './ledger.js'
import { insist } from './violation.js'

let time = 1_700_000_000_000

const environment = {
  clock: { now: () => ++time, monotonic: () => ++time },
  timers: { setImmediate: (callback: () => void) => queueMicrotask(callback) },
  random: () => 0.25,
}

/** A log whose every answer is held against a ledger. Its disk is honest: nothing excuses a loss. */
export class JudgedLog {
  readonly log: CommitLog
  /** What the log has noticed. */
  readonly notices: readonly LogNotice['kind'][]
  readonly #ledger: Ledger

  private constructor(log: CommitLog, ledger: Ledger, notices: readonly LogNotice['kind'][]) {
    this.log = log
    this.notices = notices
    this.#ledger = ledger
  }

  static async open(disk: SimDisk, ledger: Ledger): Promise<JudgedLog> {
    const found = new Map<number, number>()
    const notices: LogNotice['kind'][] = []
    const log = await CommitLog.open({
      disk,
      environment,
      limits: { segmentBytes: 4096, reserveBytes: 4096 },
      replay: {
        restore: ({ state }) => {
          for (const [sequence, id] of JSON.parse(Buffer.from(state).toString()) as [number, number][]) {
            found.set(sequence, id)
          }
        },
        record: record => {
          insist(!found.has(record.sequence), () => `${record.sequence} comes twice`)
          found.set(record.sequence, ledger.identify(record))
        },
      },
      notice: ({ kind }) => notices.push(kind),
    })
    const { damage, absent } = log.recovery
    ledger.opened(found, sequence =>
      [...damage, ...absent].some(({ first, next }) => sequence >= first && sequence < next),
    )
    return new JudgedLog(log, ledger, notices)
  }

  /** Appends records at once: one batch, if nothing else is being committed. */
  async append(count: number, size = 300): Promise<void> {
    const records = this.#ledger.make(count, false, () => (size > 300 ? 0.99 : 0.7))
    await Promise.all(
      records.map(async ({ id, kind, body }) => {
        try {
          this.#ledger.acknowledged(id, await this.log.append(kind, body))
        } catch (error) {
          if (!(error instanceof LogError)) throw error
          this.#ledger.refused(id, error.outcome)
        }
      }),
    )
  }

  async checkpoint(kept: number): Promise<void> {
    const stored = [...this.#ledger.stored].sort(([a], [b]) => a - b)
    const sequence = this.log.next - 1
    const keepFrom = Math.max(this.log.keepFrom, sequence + 1 - kept)
    await this.log.checkpoint({ sequence, state: Buffer.from(JSON.stringify(stored)), keepFrom })
  }

  /** What is kept is read, as it is known. */
  async readAll(): Promise<void> {
    const read = new Map<number, number>()
    for await (const records of this.log.read(1)) {
      for (const record of records) {
        insist(record.sequence < this.log.next, () => `${record.sequence} is read before it is on the device`)
        read.set(record.sequence, this.#ledger.identify(record))
      }
    }
    for (const [sequence, id] of this.#ledger.stored) {
      const isKept = sequence >= this.log.keepFrom && sequence < this.log.next
      insist(!isKept || read.get(sequence) === id, () => `${id} at ${sequence} is not read, but ${read.get(sequence)}`)
    }
  }
}
