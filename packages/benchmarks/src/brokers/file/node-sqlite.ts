import { join } from 'node:path'
import type { DatabaseSync, StatementSync } from 'node:sqlite'
import { folderOf } from '../../folder/folder-of.ts'
import { handleAll } from '../../server/handle-all.ts'
import { bufferOf } from '../../server/text.ts'
import type { Handle, Item, Queue, Subject } from '../../subject.ts'
import { RAW_SCENARIOS } from './scenarios.ts'

const MOST = 512
const LEASE = 30_000

const SCHEMA = `
PRAGMA journal_mode = WAL;
PRAGMA synchronous = FULL;
CREATE TABLE messages (id INTEGER PRIMARY KEY, payload BLOB NOT NULL) STRICT;
CREATE TABLE claims (first INTEGER PRIMARY KEY, last INTEGER NOT NULL, until INTEGER NOT NULL) STRICT;
`

interface Row {
  readonly id: number
  readonly payload: Uint8Array
}

/**
 * A queue in `node:sqlite` as somebody writes it who has measured: WAL, every commit synced, and all that one turn of the loop asks for, the publishes
 * of any number of callers, the next claim and the acks of the last one, in one transaction. A claim is one row for a range of messages, an ack
 * deletes a range. What has failed goes to the tail.
 */
class SqliteQueue implements Queue {
  readonly #database: DatabaseSync
  readonly #insert: StatementSync
  readonly #select: StatementSync
  readonly #claimed: StatementSync
  readonly #settled: StatementSync
  readonly #deleted: StatementSync
  readonly #count: StatementSync
  #publishes: Uint8Array[] = []
  #stored: (() => void)[] = []
  /** Handled, and not deleted yet. */
  #handled: readonly Row[] = []
  /** Given out here: an empty table would begin at 1 again. */
  #lastId = 0
  /** The last that was claimed. */
  #next = 0
  #handle: Handle | undefined
  #isPaused = false
  #isClaiming = false
  #isScheduled = false

  constructor(database: DatabaseSync) {
    database.exec(SCHEMA)
    this.#database = database
    this.#insert = database.prepare('INSERT INTO messages (id, payload) VALUES (?, ?)')
    this.#select = database.prepare('SELECT id, payload FROM messages WHERE id > ? ORDER BY id LIMIT ?')
    this.#claimed = database.prepare('INSERT INTO claims (first, last, until) VALUES (?, ?, ?)')
    this.#settled = database.prepare('DELETE FROM claims WHERE first = ?')
    this.#deleted = database.prepare('DELETE FROM messages WHERE id BETWEEN ? AND ?')
    this.#count = database.prepare('SELECT count(*) AS count FROM messages')
  }

  publish(item: Item): Promise<void> {
    return this.publishAll([item])
  }

  publishAll(items: readonly Item[]): Promise<void> {
    for (const { data } of items) this.#publishes.push(bufferOf(data))
    this.#schedule()
    return new Promise(resolve => this.#stored.push(resolve))
  }

  async consume(handle: Handle): Promise<void> {
    this.#handle = handle
    this.#schedule()
  }

  pause(): void {
    this.#isPaused = true
  }

  resume(): void {
    this.#isPaused = false
    this.#schedule()
  }

  async left(): Promise<number> {
    return (this.#count.get() as { readonly count: number }).count
  }

  async close(): Promise<void> {
    this.#handle = undefined
    this.#turn()
    this.#database.close()
  }

  #schedule(): void {
    if (this.#isScheduled) return
    this.#isScheduled = true
    setImmediate(() => this.#turn())
  }

  #turn(): void {
    this.#isScheduled = false
    const [publishes, stored, handled] = [this.#publishes, this.#stored, this.#handled]
    const mayClaim = this.#handle !== undefined && !this.#isPaused && !this.#isClaiming
    if (publishes.length === 0 && handled.length === 0 && !mayClaim) return
    this.#publishes = []
    this.#stored = []
    this.#handled = []
    this.#database.exec('BEGIN IMMEDIATE')
    for (const payload of publishes) this.#insert.run(++this.#lastId, payload)
    if (handled.length > 0) this.#settle(handled)
    const rows = mayClaim ? this.#claim() : []
    this.#database.exec('COMMIT')
    for (const resolve of stored) resolve()
    if (rows.length > 0) void this.#run(rows)
  }

  #claim(): readonly Row[] {
    const rows = this.#select.all(this.#next, MOST) as unknown as readonly Row[]
    if (rows.length === 0) return rows
    const last = (rows.at(-1) as Row).id
    this.#claimed.run((rows[0] as Row).id, last, Date.now() + LEASE)
    this.#next = last
    return rows
  }

  #settle(rows: readonly Row[]): void {
    const first = (rows[0] as Row).id
    this.#deleted.run(first, (rows.at(-1) as Row).id)
    this.#settled.run(first)
  }

  async #run(rows: readonly Row[]): Promise<void> {
    this.#isClaiming = true
    const handle = this.#handle as Handle
    const failed = await handleAll(
      handle,
      rows.map(({ payload }) => payload),
    )
    for (const i of failed) this.#publishes.push((rows[i] as Row).payload)
    this.#handled = rows
    this.#isClaiming = false
    this.#schedule()
  }
}

export const nodeSqlite: Subject = {
  name: 'node-sqlite',
  what: 'peer: a queue in node:sqlite, WAL and synchronous=FULL; publishes, a claim of up to 512 and the acks of the last one in one transaction a turn',
  keeps: true,
  only: RAW_SCENARIOS,
  // Loaded here, so that the process of another subject is spared it.
  open: async ({ url }) => {
    const { DatabaseSync } = await import('node:sqlite')
    return new SqliteQueue(new DatabaseSync(join(await folderOf(url), 'queue.db')))
  },
}
