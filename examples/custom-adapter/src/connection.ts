import type { Connection, Environment, TopicSpec } from '@pluribus/core/driver'
import { CAPABILITIES } from './capabilities.ts'
import { openDatabase } from './database.ts'
import { declareSubscription, declareTopic } from './declare.ts'
import { persistenceOf } from './persistence.ts'
import { publisherOf } from './publisher.ts'
import { type Latest, subscriberOf } from './subscriber.ts'

/** Milliseconds between two rounds of housekeeping. */
const ROUND = 60_000

export function connect(path: string, environment: Environment, latest: Latest): Connection {
  const database = openDatabase(path, environment.clock)
  const { sql, write } = database

  /** Deletes what is done, and too old or too much: a subscription that comes later starts with the rest. */
  function trim(
    { name, retention: { age = Number.MAX_SAFE_INTEGER, bytes = Number.MAX_SAFE_INTEGER } }: TopicSpec,
    now: number,
  ) {
    sql.run`
      DELETE FROM messages WHERE seq NOT IN (SELECT seq FROM deliveries) AND seq IN (
        SELECT seq FROM (SELECT seq, stored, sum(octet_length(envelope) + octet_length(payload)) OVER (ORDER BY seq DESC) AS total
          FROM messages WHERE topic = ${name})
        WHERE stored < ${now - age} OR total > ${bytes})`
  }

  const persistence = persistenceOf(database)
  return {
    server: { product: 'sqlite', version: process.versions.sqlite ?? '', endpoint: `sqlite:${path}` },
    capabilities: CAPABILITIES,
    publisher: publisherOf(database),
    subscriber: subscriberOf(database, environment, latest),
    persistence,
    declare: async (topics, subscriptions) =>
      write(() => [
        ...topics.flatMap(spec => declareTopic(database, spec)),
        ...subscriptions.flatMap(spec => declareSubscription(database, spec)),
      ]),
    async maintain() {
      const topics = await persistence.topics()
      write(now => {
        for (const spec of topics) trim(spec, now)
      })
      return ROUND
    },
    close: async () => database.close(),
  }
}
