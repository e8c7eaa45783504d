import { type DeadLetterQuery, type Persistence, PluribusError } from '@pluribus/core/driver'
import { decode } from './codec.ts'
import type { Database } from './database.ts'

const UNKNOWN = { waiting: undefined, leased: undefined, retrying: undefined, scheduled: undefined, dead: undefined }

export function persistenceOf({ sql, write, change, find, next }: Database): Persistence {
  const parsed = (rows: ReturnType<typeof sql.all>) => rows.map(({ spec }) => JSON.parse(String(spec)))

  /** The dead letters of a query, oldest first, and the ids that are not among them. */
  function choose({ subscription, ids, limit }: DeadLetterQuery) {
    const { id } = find(subscription.topic, subscription.name)
    const rows = sql.all`
      SELECT * FROM deliveries JOIN messages USING (seq) WHERE subscription = ${id} AND reason IS NOT NULL ORDER BY place`
    const dead = rows.map(row => ({ seq: Number(row.seq), row, message: decode(row) }))
    const found = dead.filter(({ message }) => ids?.includes(message.id) ?? true)
    const there = new Set(found.map(({ message }) => message.id))
    return { id, found: found.slice(0, limit), missing: (ids ?? []).filter(wanted => !there.has(wanted)) }
  }

  return {
    topics: async () => parsed(sql.all`SELECT spec FROM specs WHERE name = '' ORDER BY topic`),
    async subscriptions(topic) {
      if (topic !== undefined) find(topic)
      return parsed(
        sql.all`SELECT spec FROM specs WHERE name <> '' AND topic = coalesce(${topic ?? null}, topic) ORDER BY id`,
      )
    },
    history() {
      throw new PluribusError('UNSUPPORTED', 'This adapter keeps no history.')
    },
    async *deadLetters(query) {
      for (const { message, row } of choose(query).found) {
        const { reason, errors, attempts, until } = row
        const { topic, name } = query.subscription
        yield {
          ...{ message, subscription: { topic, name }, reason: String(reason), errors: JSON.parse(String(errors)) },
          ...{ attempts: Number(attempts), losses: 0, time: Number(until) },
        }
      }
    },
    redrive: async query =>
      change(() => {
        const { id, found, missing } = choose(query)
        // A new row: it has the next place, and everything else is forgotten.
        for (const { seq } of found)
          sql.run`INSERT OR REPLACE INTO deliveries (subscription, seq, place) VALUES (${id}, ${seq}, ${next()})`
        return { redriven: found.length, missing }
      }),
    discard: async query =>
      write(() => {
        const { id, found } = choose(query)
        for (const { seq } of found) sql.run`DELETE FROM deliveries WHERE subscription = ${id} AND seq = ${seq}`
        return found.length
      }),
    async counts({ topic, name }) {
      find(topic, name)
      return UNKNOWN
    },
  }
}
