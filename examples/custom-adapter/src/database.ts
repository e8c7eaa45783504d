import { EventEmitter } from 'node:events'
import { DatabaseSync } from 'node:sqlite'
import type { Clock } from '@pluribus/core/driver'
import { notFound } from './errors.ts'
import { SCHEMA } from './schema.ts'

/** How long a transaction waits for one of another process, in milliseconds. */
const BUSY_TIMEOUT = 2_000

/** The end of a time that is to last `ms`: the present millisecond has begun already, and does not count. */
export const after = (now: number, ms: number): number => (ms === 0 ? now : now + ms + 1)

/** Rings by path, when something of a file may have become ready. Other processes do not hear it. */
const bell = new EventEmitter().setMaxListeners(0)

export type Database = ReturnType<typeof openDatabase>

export function openDatabase(path: string, clock: Clock) {
  const db = new DatabaseSync(path, { timeout: BUSY_TIMEOUT })
  try {
    db.exec(SCHEMA)
  } catch (error) {
    db.close()
    throw error
  }
  const sql = db.createTagStore()
  let ahead = clock.now() - clock.monotonic()
  const wakes = new Set<() => void>()
  const wakeAll = () => {
    for (const wake of [...wakes]) wake()
  }
  bell.on(path, wakeAll)

  /**
   * One transaction. `now`: the file's time, by which all who share it judge leases. It goes on as our monotonic clock does, and
   * never back, whatever anybody's wall clock says.
   */
  function write<T>(work: (now: number) => T): T {
    db.exec('BEGIN IMMEDIATE')
    try {
      const ours = Math.floor(clock.monotonic() + ahead)
      const now = Number(sql.get`UPDATE file SET time = max(time, ${ours}) RETURNING time`?.time)
      ahead += now - ours
      const result = work(now)
      db.exec('COMMIT')
      return result
    } catch (error) {
      if (db.isTransaction) db.exec('ROLLBACK')
      throw error
    }
  }

  /** The same, for what may make something ready. */
  function change<T>(work: (now: number) => T): T {
    const result = write(work)
    bell.emit(path)
    return result
  }

  function close(): void {
    bell.off(path, wakeAll)
    if (db.isOpen) db.close()
  }

  /** The row of a subscription, or of a topic. */
  function find(topic: string, name = '') {
    const row = sql.get`SELECT id, spec FROM specs WHERE topic = ${topic} AND name = ${name}`
    if (row === undefined) throw notFound(topic, name)
    return { id: Number(row.id), spec: String(row.spec) }
  }

  const next = () => Number(sql.get`UPDATE file SET sequence = sequence + 1 RETURNING sequence`?.sequence)
  return { sql, write, change, find, next, wakes, close, isOpen: () => db.isOpen }
}
