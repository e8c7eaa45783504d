import { DatabaseSync, type SQLTagStore } from 'node:sqlite'
import { type Clock, PluribusError, type SubscriptionName } from '@pluribus/core/driver'
import { FileClock } from './file-clock.ts'
import { SCHEMA, SCHEMA_VERSION } from './schema.ts'

/** How long a transaction waits for one of another process, in milliseconds. Nothing else of this process runs meanwhile. */
const BUSY_TIMEOUT = 2_000

/** One open file. Transactions are synchronous, so those of one process never wait for each other. */
export class Database {
  readonly sql: SQLTagStore
  readonly #clock: FileClock
  readonly #db: DatabaseSync

  constructor(path: string, clock: Clock) {
    this.#clock = new FileClock(clock)
    this.#db = new DatabaseSync(path, { timeout: BUSY_TIMEOUT })
    this.sql = this.#db.createTagStore()
    try {
      // FULL: a commit returns when the log is on the disk. Readers never wait for writers.
      this.#db.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL')
      this.#transaction(() => this.#migrate(path))
    } catch (error) {
      this.#db.close()
      throw error
    }
  }

  get location(): string {
    return this.#db.location() ?? ''
  }

  get version(): string {
    return String(this.sql.get`SELECT sqlite_version() AS version`?.version)
  }

  /** One transaction, at one time, at which everything that is due has its place. */
  write<T>(work: (now: number) => T): T {
    return this.#transaction(() => {
      const { time, changes } = this.#file()
      const now = this.#clock.read(time)
      this.#placeDue(now)
      const result = work(now)
      if (this.#file().changes > changes) this.sql.run`UPDATE file SET time = ${now}`
      return result
    })
  }

  /** The next number; within a transaction. */
  next(): number {
    return Number(this.sql.get`UPDATE file SET sequence = sequence + 1 RETURNING sequence`?.sequence)
  }

  /** The row of a subscription. */
  idOf({ topic, name }: SubscriptionName): number {
    const row = this.sql.get`SELECT id FROM subscriptions WHERE topic = ${topic} AND name = ${name}`
    if (row === undefined) {
      throw new PluribusError('NOT_FOUND', `There is no subscription ${name} of ${topic}. Subscribe to it first.`)
    }
    return Number(row.id)
  }

  assertTopic(topic: string): void {
    if (this.sql.get`SELECT 1 FROM topics WHERE name = ${topic}` !== undefined) return
    throw new PluribusError('NOT_FOUND', `There is no topic ${topic}. Declare it first.`)
  }

  /** Gives what is stored from `first` on to one subscription of its topic, or to all of them; within a transaction. */
  deliver(topic: string, first: number | bigint, subscription: number | bigint | null): void {
    this.sql.run`
      INSERT INTO deliveries (subscription, seq, key, band, direction, place, until)
      SELECT s.id, m.seq, m.key, max(s.levels - 1 - m.priority, 0), s.direction, m.place, m.due
      FROM messages m JOIN subscriptions s ON s.topic = m.topic
      WHERE m.topic = ${topic} AND m.seq >= ${first} AND s.id = coalesce(${subscription}, s.id)`
  }

  get isOpen(): boolean {
    return this.#db.isOpen
  }

  close(): void {
    if (this.isOpen) this.#db.close()
  }

  #transaction<T>(work: () => T): T {
    this.#db.exec('BEGIN IMMEDIATE')
    try {
      const result = work()
      this.#db.exec('COMMIT')
      return result
    } catch (error) {
      // Some errors, a full disk among them, have rolled back by themselves.
      if (this.#db.isTransaction) this.#db.exec('ROLLBACK')
      throw error
    }
  }

  /** The file's time, and how much this connection has written so far: what only looks does not touch the disk. */
  #file() {
    const row = this.sql.get`SELECT time, total_changes() AS changes FROM file`
    return { time: Number(row?.time), changes: Number(row?.changes) }
  }

  #migrate(path: string): void {
    const version = this.sql.get`PRAGMA user_version`?.user_version
    if (version === 0) this.#db.exec(SCHEMA)
    else if (version !== SCHEMA_VERSION) {
      const message = `${path} has version ${version}, and this adapter reads ${SCHEMA_VERSION}. Use the one that wrote it.`
      throw new PluribusError('INVALID_CONFIGURATION', message)
    }
  }

  #placeDue(now: number): void {
    for (const { seq = null } of this.sql
      .all`SELECT seq FROM messages WHERE place IS NULL AND due <= ${now} ORDER BY due, seq`) {
      const place = this.next()
      this.sql.run`UPDATE messages SET place = ${place} WHERE seq = ${seq}`
      this.sql.run`UPDATE deliveries SET place = ${place} WHERE seq = ${seq} AND place IS NULL`
    }
  }
}
