import type { TopicSpec } from '@pluribus/core/driver'
import { DEDUPLICATION_WINDOW } from './capabilities.ts'
import type { Database } from './database.ts'

/** The most and the least milliseconds between two rounds of housekeeping. */
const ROUND = 30_000
const SHORTEST_ROUND = 1_000
/** What a consumer leaves behind after its last source is kept for so long, in milliseconds. */
const CONSUMERS_KEPT = 86_400_000

/** Deletes what is handled and too old or too much; answers in how many milliseconds to do so again. */
export function maintain(db: Database): number {
  return db.write(now => {
    let round = ROUND
    for (const row of db.sql.all`SELECT spec FROM topics`) {
      const { name, retention }: TopicSpec = JSON.parse(String(row.spec))
      if (retention.age !== undefined) {
        trimTopic(db, name, now - retention.age)
        round = Math.max(SHORTEST_ROUND, Math.min(round, retention.age))
      }
      if (retention.bytes !== undefined) trimToSize(db, name, retention.bytes)
    }
    db.sql.run`DELETE FROM ids WHERE stored <= ${now - DEDUPLICATION_WINDOW}`
    db.sql.run`
      DELETE FROM consumers WHERE opened < ${now - CONSUMERS_KEPT}
        AND session NOT IN (SELECT session FROM deliveries WHERE session IS NOT NULL)`
    return round
  })
}

/** Deletes what is handled and was stored before a time; answers how many. Within a transaction. */
export function trimTopic(db: Database, topic: string, before: number): number {
  const { changes } = db.sql.run`
    DELETE FROM messages WHERE topic = ${topic} AND stored < ${before}
      AND seq NOT IN (SELECT seq FROM deliveries) AND seq NOT IN (SELECT seq FROM dead)`
  return Number(changes)
}

/** Keeps the latest that fit, and whatever is still to be handled. */
function trimToSize(db: Database, topic: string, bytes: number): void {
  db.sql.run`
    DELETE FROM messages WHERE seq IN (SELECT seq FROM (
      SELECT seq, sum(size) OVER (ORDER BY seq DESC) AS total FROM messages WHERE topic = ${topic}
    ) WHERE total > ${bytes}) AND seq NOT IN (SELECT seq FROM deliveries) AND seq NOT IN (SELECT seq FROM dead)`
}
