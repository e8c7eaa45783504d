import { type Environment, PluribusError, type Subscriber } from '@pluribus/core/driver'
import { after, type Database } from './database.ts'
import { sourceOf } from './source.ts'

/** The latest source of each consumer of this process, over all connections. */
export type Latest = Map<string, { readonly generation: number; readonly session: number }>

const replaced = () => new PluribusError('STALE', 'A later source of this consumer is open.')

export function subscriberOf(database: Database, { instance }: Environment, latest: Latest): Subscriber {
  const { sql, write, change, find, next } = database

  return {
    async open({ topic, name }, { lease, consumer }, events) {
      const own = `${instance}/${consumer?.id}`
      const before = consumer && latest.get(own)
      if (consumer !== undefined && before !== undefined && before.generation >= consumer.generation) throw replaced()
      const opened = write(now => {
        const [subscription, session] = [find(topic, name).id, next()]
        // What went over is leased anew, and has no token until it is pulled.
        const { changes } = sql.run`
          UPDATE deliveries SET token = NULL, session = ${session}, until = ${after(now, lease)}
          WHERE session = ${before?.session ?? null} AND until > ${now} AND reason IS NULL`
        return { subscription, session, transferred: Number(changes) }
      })
      const { session } = opened
      if (consumer !== undefined) latest.set(own, { generation: consumer.generation, session })
      const assertLatest = () => {
        if (consumer !== undefined && latest.get(own)?.session !== session) throw replaced()
      }
      return sourceOf(database, { ...opened, lease, events, assertLatest })
    },
    async remove({ topic, name }) {
      // Its sources pull, and learn that it is gone.
      change(() => sql.run`DELETE FROM specs WHERE topic = ${topic} AND name = ${name}`)
    },
  }
}
