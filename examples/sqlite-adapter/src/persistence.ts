import type {
  DeadLetterQuery,
  ErrorRecord,
  Persistence,
  RedriveResult,
  Start,
  StoredDeadLetter,
  StoredMessage,
  SubscriptionCounts,
  SubscriptionName,
  SubscriptionSpec,
  TopicSpec,
} from '@pluribus/core/driver'
import type { Bell } from './bell.ts'
import { decode } from './codec.ts'
import type { Database } from './database.ts'
import { firstOf } from './declare.ts'
import { trimTopic } from './retention.ts'

/** Rows read at once: a reader that is slow keeps nobody waiting between two pages. */
const PAGE = 100

export class SqlitePersistence implements Persistence {
  readonly #db: Database
  readonly #bell: Bell

  constructor(db: Database, bell: Bell) {
    this.#db = db
    this.#bell = bell
  }

  async topics(): Promise<readonly TopicSpec[]> {
    return this.#db.sql.all`SELECT spec FROM topics ORDER BY name`.map(({ spec }) => JSON.parse(String(spec)))
  }

  async subscriptions(topic?: string): Promise<readonly SubscriptionSpec[]> {
    if (topic !== undefined) this.#db.assertTopic(topic)
    const rows = this.#db.sql
      .all`SELECT spec FROM subscriptions WHERE topic = coalesce(${topic ?? null}, topic) ORDER BY topic, name`
    return rows.map(({ spec }) => JSON.parse(String(spec)))
  }

  async *history(topic: string, { from }: { readonly from: Start }): AsyncIterable<StoredMessage> {
    let first = firstOf(this.#db, topic, from)
    for (;;) {
      const rows = this.#db.sql
        .all`SELECT * FROM messages WHERE topic = ${topic} AND seq >= ${first} ORDER BY seq LIMIT ${PAGE}`
      for (const row of rows) yield decode(row)
      const last = rows.at(-1)
      if (last === undefined) return
      first = Number(last.seq) + 1
    }
  }

  async find(topic: string, id: string): Promise<StoredMessage | undefined> {
    this.#db.assertTopic(topic)
    const row = this.#db.sql.get`SELECT * FROM messages WHERE topic = ${topic} AND id = ${id} ORDER BY seq DESC LIMIT 1`
    return row === undefined ? undefined : decode(row)
  }

  async trim(topic: string, before: number): Promise<number> {
    return this.#db.write(() => trimTopic(this.#db, topic, before))
  }

  async *deadLetters({ subscription, ids, limit = Number.MAX_SAFE_INTEGER }: DeadLetterQuery) {
    const { topic, name } = subscription
    const id = this.#db.idOf(subscription)
    let first = 0
    for (let left = limit; left > 0; ) {
      const rows = this.#db.sql.all`
        SELECT dead.*, m.topic, m.stored, m.envelope, m.payload FROM dead JOIN messages m USING (seq)
        WHERE subscription = ${id} AND number >= ${first}
          AND (${ids === undefined ? 1 : 0} OR m.id IN (SELECT value FROM json_each(${JSON.stringify(ids ?? [])})))
        ORDER BY number LIMIT ${Math.min(left, PAGE)}`
      for (const row of rows) {
        const { reason, attempts, losses, time } = row
        const errors: readonly ErrorRecord[] = JSON.parse(String(row.errors))
        const counts = { attempts: Number(attempts), losses: Number(losses), time: Number(time) }
        const dead: StoredDeadLetter = {
          message: decode(row),
          subscription: { topic, name },
          reason: String(reason),
          errors,
          ...counts,
        }
        yield dead
      }
      const last = rows.at(-1)
      if (last === undefined) return
      first = Number(last.number) + 1
      left -= rows.length
    }
  }

  async redrive(query: DeadLetterQuery): Promise<RedriveResult> {
    const { found, missing } = this.#db.write(now => {
      const chosen = this.#choose(query)
      for (const { number } of chosen.found) {
        this.#db.sql.run`
          INSERT INTO deliveries (subscription, seq, key, band, direction, place, until)
          SELECT s.id, m.seq, m.key, max(s.levels - 1 - m.priority, 0), s.direction, ${this.#db.next()}, ${now}
          FROM dead JOIN messages m USING (seq) JOIN subscriptions s ON s.id = dead.subscription
          WHERE dead.number = ${number}`
        this.#db.sql.run`DELETE FROM dead WHERE number = ${number}`
      }
      return chosen
    })
    this.#bell.ring()
    return { redriven: found.length, missing }
  }

  async discard(query: DeadLetterQuery): Promise<number> {
    return this.#db.write(() => {
      const { found } = this.#choose(query)
      for (const { number } of found) this.#db.sql.run`DELETE FROM dead WHERE number = ${number}`
      return found.length
    })
  }

  async counts(subscription: SubscriptionName): Promise<SubscriptionCounts> {
    return this.#db.write(now => {
      const id = this.#db.idOf(subscription)
      const row = this.#db.sql.get`
        SELECT
          count(*) FILTER (WHERE place IS NOT NULL AND until <= ${now}) AS waiting,
          count(*) FILTER (WHERE place IS NOT NULL AND until > ${now} AND token IS NOT NULL) AS leased,
          count(*) FILTER (WHERE place IS NOT NULL AND until > ${now} AND token IS NULL) AS retrying,
          count(*) FILTER (WHERE place IS NULL) AS scheduled,
          (SELECT count(*) FROM dead WHERE subscription = ${id}) AS dead
        FROM deliveries WHERE subscription = ${id}`
      const count = (field: string) => Number(row?.[field])
      const waiting = count('waiting')
      const [leased, retrying, scheduled, dead] = ['leased', 'retrying', 'scheduled', 'dead'].map(count)
      return { waiting, leased, retrying, scheduled, dead }
    })
  }

  /** The dead letters of a query, oldest first, and the ids that are not among them. */
  #choose({ subscription, ids, limit = Number.MAX_SAFE_INTEGER }: DeadLetterQuery) {
    const all = this.#db.sql.all`
      SELECT number, m.id FROM dead JOIN messages m USING (seq)
      WHERE subscription = ${this.#db.idOf(subscription)} ORDER BY number`
    const there = new Set(all.map(({ id }) => id))
    const wanted = ids === undefined ? undefined : new Set<unknown>(ids)
    const found = all.filter(({ id }) => wanted?.has(id) ?? true).slice(0, limit)
    return {
      found: found.map(({ number }) => ({ number: Number(number) })),
      missing: (ids ?? []).filter(id => !there.has(id)),
    }
  }
}
