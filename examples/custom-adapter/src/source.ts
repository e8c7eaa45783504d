import {
  type Delivery,
  NOTHING_PULLED,
  PluribusError,
  type Pulled,
  type Source,
  type SourceEvents,
  type Token,
} from '@pluribus/core/driver'
import { decode } from './codec.ts'
import { after, type Database } from './database.ts'
import { settle } from './settle.ts'

/** How often an idle consumer looks for what other processes have published, in milliseconds. */
const POLL = 2_000

export interface SourceInit {
  readonly subscription: number
  readonly session: number
  readonly transferred: number
  readonly lease: number
  readonly events: SourceEvents
  /** Throws where a later one of its consumer has replaced it. */
  assertLatest(): void
}

/**
 * What went over comes first; then what is ready, by place. A plus keeps SQLite from an index that would
 * find the whole backlog, to be sorted at every pull.
 */
function take({ sql, next }: Database, { subscription, session, lease }: SourceInit, max: number, now: number): Pulled {
  const transferred = sql.all`
    SELECT * FROM deliveries JOIN messages USING (seq)
    WHERE session = ${session} AND +token IS NULL AND until > ${now} ORDER BY place LIMIT ${max}`
  const ready = sql.all`
    SELECT * FROM deliveries JOIN messages USING (seq)
    WHERE subscription = ${subscription} AND reason IS NULL AND +until <= ${now}
    ORDER BY place LIMIT ${max - transferred.length}`
  const deliveries = [...transferred, ...ready].map((row): Delivery => {
    const token = next()
    sql.run`
      UPDATE deliveries SET token = ${token}, session = ${session}, until = ${after(now, lease)}
      WHERE subscription = ${subscription} AND seq = ${row.seq ?? null}`
    return { message: decode(row), token, attempt: Number(row.attempts) + 1, losses: 0, marks: 0, suspect: false }
  })
  const ahead = sql.get`
    SELECT min(until) AS due FROM deliveries WHERE subscription = ${subscription} AND reason IS NULL AND until > ${now}`
  return { deliveries, dueIn: Math.min(POLL, Number(ahead?.due ?? Number.POSITIVE_INFINITY) - now) }
}

export function sourceOf(database: Database, init: SourceInit): Source {
  const { sql, write, change, wakes } = database
  const { subscription, session, transferred, lease, events, assertLatest } = init
  const wake = () => events.wake()
  wakes.add(wake)
  return {
    transferred,
    async pull(max) {
      assertLatest()
      const isThere = () => sql.get`SELECT 1 FROM specs WHERE id = ${subscription}` !== undefined
      const pulled = write(now => (isThere() ? take(database, init, max, now) : undefined))
      if (pulled !== undefined) return pulled
      wakes.delete(wake)
      events.ended(new PluribusError('NOT_FOUND', 'The subscription has been removed.'))
      return NOTHING_PULLED
    },
    // Nothing is a suspect here.
    async mark() {},
    async settle(settled) {
      const step = settled.others.length === 0 ? write : change
      return step(now => settle(database, settled, now)).map(token => ({ token, kind: 'stale' }))
    },
    async renew(batch) {
      const isLost = (token: Token, now: number) =>
        sql.run`UPDATE deliveries SET until = ${after(now, lease)} WHERE token = ${Number(token)}`.changes === 0
      return write(now => batch.map(({ token }) => token).filter(token => isLost(token, now)))
    },
    async close() {
      wakes.delete(wake)
      // What a closed connection held is for its consumers' next sources.
      if (!database.isOpen()) return
      const release = (now: number) => sql.run`
        UPDATE deliveries SET token = NULL, session = NULL, until = ${now} WHERE session = ${session} AND reason IS NULL`
      change(release)
    },
  }
}
