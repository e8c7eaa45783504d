import { type Publisher, toEnvelope } from '@pluribus/core/driver'
import type { Database } from './database.ts'
import { notFound } from './errors.ts'

export function publisherOf({ sql, change, next }: Database): Publisher {
  return {
    window: 1,
    publish: async batch =>
      change(now => {
        const topics = new Set(sql.all`SELECT topic FROM specs WHERE name = ''`.map(row => row.topic))
        return batch.flatMap((message, index) => {
          const { topic, payload } = message
          if (!topics.has(topic)) return [{ index, kind: 'failed', outcome: 'definite', error: notFound(topic, '') }]
          sql.run`
            INSERT INTO messages (seq, topic, stored, envelope, payload)
            VALUES (${next()}, ${topic}, ${now}, ${JSON.stringify(toEnvelope(message))}, ${payload})`
          return []
        })
      }),
  }
}
