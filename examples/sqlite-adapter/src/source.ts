import type { SQLOutputValue } from 'node:sqlite'
import {
  type Delivery,
  NO_EXCEPTIONS,
  NOTHING_PULLED,
  PluribusError,
  type Pulled,
  type Settled,
  type SettleException,
  type Source,
  type SourceEvents,
  SUSPECT_AFTER,
  type Token,
} from '@pluribus/core/driver'
import { decode } from './codec.ts'
import type { Database } from './database.ts'
import { FileClock } from './file-clock.ts'
import { numberOf, settle } from './settle.ts'
import type { Shared } from './shared.ts'

type Row = Record<string, SQLOutputValue>

/** How a source was opened. */
export interface SourceInit extends Shared {
  readonly subscription: number
  readonly session: number
  /** The name of the consumer, if it has one. */
  readonly consumer: string | undefined
  readonly lease: number
  readonly transferred: number
  readonly events: SourceEvents
}

export class SqliteSource implements Source {
  readonly transferred: number
  readonly #init: SourceInit
  readonly #db: Database
  readonly #unlisten: () => void

  constructor(init: SourceInit) {
    this.#init = init
    this.#db = init.db
    this.transferred = init.transferred
    this.#unlisten = init.bell.listen(() => init.events.wake())
  }

  async pull(max: number): Promise<Pulled> {
    if (max === 0) return NOTHING_PULLED
    const pulled = this.#db.write(now => (this.#isRemoved() ? undefined : this.#take(max, now)))
    return pulled ?? this.#end()
  }

  async mark({ token }: Delivery): Promise<void> {
    const { changes } = this.#db.write(
      now => this.#db.sql.run`UPDATE deliveries SET marked = 1 WHERE token = ${numberOf(token)} AND until > ${now}`,
    )
    if (changes === 0) throw new PluribusError('STALE', 'The lease of the delivery has been lost.')
  }

  async settle({ acks, others }: Settled): Promise<readonly SettleException[]> {
    let mayBeReady = others.length > 0
    const stale = this.#db.write(now => {
      const refused: Token[] = []
      for (const token of acks) {
        const acked = this.#db.sql
          .get`DELETE FROM deliveries WHERE token = ${numberOf(token)} AND until > ${now} RETURNING key`
        if (acked === undefined) refused.push(token)
        else mayBeReady ||= acked.key !== null
      }
      return [...refused, ...others.filter(other => !settle(this.#db, other, now)).map(({ token }) => token)]
    })
    if (mayBeReady) this.#init.bell.ring()
    return stale.length === 0 ? NO_EXCEPTIONS : stale.map(token => ({ token, kind: 'stale' }))
  }

  async renew(batch: readonly Delivery[]): Promise<readonly Token[]> {
    const lost = this.#db.write(now =>
      batch.filter(({ token }) => {
        const until = FileClock.after(now, this.#init.lease)
        const { changes } = this.#db.sql
          .run`UPDATE deliveries SET until = ${until} WHERE token = ${numberOf(token)} AND until > ${now}`
        return changes === 0
      }),
    )
    return lost.map(({ token }) => token)
  }

  async close(): Promise<void> {
    this.#unlisten()
    // What a closed connection held is for its consumers' next generations.
    if (!this.#db.isOpen) return
    this.#db.write(
      now => this.#db.sql.run`
        UPDATE deliveries SET token = NULL, session = NULL, reserved = 0, marked = 0, until = ${now}
        WHERE session = ${this.#init.session} AND until > ${now}`,
    )
    this.#init.bell.ring()
  }

  #take(max: number, now: number): Pulled {
    this.#assertCurrent()
    const found = this.#find(max, now)
    const suspect = found.findIndex(isSuspect)
    // A suspect comes alone: in front of it the others stop, and behind it there may be more.
    const taken = suspect < 0 ? found : found.slice(0, Math.max(1, suspect))
    const deliveries = taken.map(row => this.#claim(row, now))
    return { deliveries, dueIn: this.#dueIn(now), more: suspect >= 0 }
  }

  #isRemoved(): boolean {
    return this.#db.sql.get`SELECT 1 FROM subscriptions WHERE id = ${this.#init.subscription}` === undefined
  }

  /** The subscription is gone: there will never be anything again. */
  #end(): Pulled {
    this.#unlisten()
    const message = 'The subscription has been removed. Subscribe again to have a new one.'
    this.#init.events.ended(new PluribusError('NOT_FOUND', message))
    return NOTHING_PULLED
  }

  /** A request of a replaced generation may have been under way for long: it must not take what nobody would settle. */
  #assertCurrent(): void {
    const { subscription, session, consumer } = this.#init
    if (consumer === undefined) return
    const latest = this.#db.sql
      .get`SELECT session FROM consumers WHERE subscription = ${subscription} AND name = ${consumer}`
    if (latest !== undefined && latest.session !== session) {
      throw new PluribusError('STALE', 'A later generation of the consumer has replaced this source.')
    }
  }

  /** What was transferred comes first; then what is ready, in the order of service, of each key the first alone. */
  #find(max: number, now: number): readonly Row[] {
    const { subscription, session, environment } = this.#init
    const { sql } = this.#db
    const reserved = sql.all`
      SELECT d.*, d.token IS NOT NULL AND d.instance <> ${environment.instance} AS lost, m.topic, m.stored, m.envelope, m.payload
      FROM deliveries d JOIN messages m USING (seq)
      WHERE d.session = ${session} AND d.reserved AND d.until > ${now}
      ORDER BY d.band, d.direction * d.place LIMIT ${max}`
    // The plus keeps SQLite from the index in time: it would find the whole backlog by it, and sort that at every pull.
    const ready = sql.all`
      SELECT d.*, d.token IS NOT NULL AND d.instance <> ${environment.instance} AS lost, m.topic, m.stored, m.envelope, m.payload
      FROM deliveries d JOIN messages m USING (seq)
      WHERE d.subscription = ${subscription} AND d.place IS NOT NULL AND +d.until <= ${now} AND (d.key IS NULL OR NOT EXISTS (
        SELECT 1 FROM deliveries b WHERE b.subscription = d.subscription AND b.key = d.key AND b.place < d.place))
      ORDER BY d.band, d.direction * d.place LIMIT ${max - reserved.length}`
    return [...reserved, ...ready]
  }

  #claim(row: Row, now: number): Delivery {
    const { session, lease, environment } = this.#init
    const { losses, marks } = lossesOf(row)
    const token = this.#db.next()
    this.#db.sql.run`
      UPDATE deliveries SET token = ${token}, session = ${session}, instance = ${environment.instance}, reserved = 0,
        until = ${FileClock.after(now, lease)}, losses = ${losses}, marks = ${marks}, marked = marked AND reserved AND until > ${now}
      WHERE subscription = ${row.subscription ?? null} AND seq = ${row.seq ?? null}`
    const attempt = Number(row.attempts) + 1
    return { message: decode(row), token, attempt, losses, marks, suspect: losses >= SUSPECT_AFTER }
  }

  /** When something changes by itself; other processes wake nobody here, so that it is looked for now and then as well. */
  #dueIn(now: number): number {
    const { subscription, poll } = this.#init
    const next = this.#db.sql
      .get`SELECT min(until) AS until FROM deliveries WHERE subscription = ${subscription} AND until > ${now}`
    return Math.min(poll, Number(next?.until ?? Number.POSITIVE_INFINITY) - now)
  }
}

/** Losses and marks as they are for whoever claims the row now: what comes back to its own process is no loss. */
const lossesOf = ({ losses, marks, marked, lost }: Row) => ({
  losses: Number(losses) + Number(lost),
  marks: Number(marks) + Number(lost) * Number(marked),
})

const isSuspect = (row: Row): boolean => lossesOf(row).losses >= SUSPECT_AFTER
