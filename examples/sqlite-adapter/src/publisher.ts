import {
  NO_EXCEPTIONS,
  type OutgoingMessage,
  PluribusError,
  type PublishException,
  type Publisher,
} from '@pluribus/core/driver'
import type { Bell } from './bell.ts'
import { DEDUPLICATION_WINDOW } from './capabilities.ts'
import { encode, sizeOf } from './codec.ts'
import type { Database } from './database.ts'
import { FileClock } from './file-clock.ts'

export class SqlitePublisher implements Publisher {
  readonly window = 1
  readonly #db: Database
  readonly #bell: Bell

  constructor(db: Database, bell: Bell) {
    this.#db = db
    this.#bell = bell
  }

  async publish(batch: readonly OutgoingMessage[]): Promise<readonly PublishException[]> {
    const exceptions = this.#db.write(now =>
      batch.flatMap((message, index) => this.#publishOne(message, index, now) ?? NO_EXCEPTIONS),
    )
    this.#bell.ring()
    return exceptions.length === 0 ? NO_EXCEPTIONS : exceptions
  }

  #publishOne(message: OutgoingMessage, index: number, now: number): PublishException | undefined {
    const { sql } = this.#db
    const { topic, id, key = null, priority, delay } = message
    if (sql.get`SELECT 1 FROM topics WHERE name = ${topic}` === undefined) {
      const error = new PluribusError('NOT_FOUND', `There is no topic ${topic}. Declare it first.`)
      return { index, kind: 'failed', outcome: 'definite', error }
    }
    const { changes } = sql.run`
      INSERT INTO ids (topic, id, stored) VALUES (${topic}, ${id}, ${now})
      ON CONFLICT DO UPDATE SET stored = excluded.stored WHERE stored <= ${now - DEDUPLICATION_WINDOW}`
    if (changes === 0) return { index, kind: 'duplicate' }
    const place = delay === 0 ? this.#db.next() : null
    const { lastInsertRowid: seq } = sql.run`
      INSERT INTO messages (topic, id, key, priority, stored, due, place, size, envelope, payload)
      VALUES (${topic}, ${id}, ${key}, ${priority}, ${now}, ${FileClock.after(now, delay)}, ${place},
        ${sizeOf(message)}, ${encode(message)}, ${message.payload})`
    this.#db.deliver(topic, seq, null)
    return undefined
  }
}
