import {
  type OpenOptions,
  PluribusError,
  type Source,
  type SourceEvents,
  type Subscriber,
  type SubscriptionName,
  type SubscriptionSpec,
} from '@pluribus/core/driver'
import { FileClock } from './file-clock.ts'
import type { Shared } from './shared.ts'
import { SqliteSource } from './source.ts'

interface Opening {
  readonly subscription: number
  readonly session: number
  readonly now: number
  readonly lease: number
}

export class SqliteSubscriber implements Subscriber {
  readonly #shared: Shared

  constructor(shared: Shared) {
    this.#shared = shared
  }

  async open(spec: SubscriptionSpec, { lease, consumer }: OpenOptions, events: SourceEvents): Promise<Source> {
    const { db, environment } = this.#shared
    return db.write(now => {
      const subscription = db.idOf(spec)
      const session = db.next()
      const name = consumer === undefined ? undefined : `${environment.instance}:${consumer.id}`
      const opened = { ...this.#shared, subscription, session, consumer: name, lease, events }
      if (name === undefined || consumer === undefined) return new SqliteSource({ ...opened, transferred: 0 })
      const transferred = this.#takeOver(name, consumer.generation, { subscription, session, now, lease })
      return new SqliteSource({ ...opened, transferred })
    })
  }

  async remove({ topic, name }: SubscriptionName): Promise<void> {
    const { db, bell } = this.#shared
    db.write(() => db.sql.run`DELETE FROM subscriptions WHERE topic = ${topic} AND name = ${name}`)
    // Its sources pull, and learn that it is gone.
    bell.ring()
  }

  /** Makes what the consumer's last generation holds the new one's: leased anew, under new tokens, counting nothing. */
  #takeOver(name: string, generation: number, { subscription, session, now, lease }: Opening): number {
    const { db } = this.#shared
    const before = db.sql
      .get`SELECT generation, session FROM consumers WHERE subscription = ${subscription} AND name = ${name}`
    if (before !== undefined && Number(before.generation) >= generation) {
      throw new PluribusError(
        'STALE',
        `Generation ${generation} of consumer ${name} is not later than the one that is there.`,
      )
    }
    db.sql.run`
      INSERT OR REPLACE INTO consumers (subscription, name, generation, session, opened)
      VALUES (${subscription}, ${name}, ${generation}, ${session}, ${now})`
    if (before === undefined) return 0
    const held = db.sql.all`SELECT seq FROM deliveries WHERE session = ${before.session ?? null} AND until > ${now}`
    for (const { seq = null } of held) {
      db.sql.run`
        UPDATE deliveries SET token = ${db.next()}, session = ${session}, until = ${FileClock.after(now, lease)}, reserved = 1
        WHERE subscription = ${subscription} AND seq = ${seq}`
    }
    return held.length
  }
}
