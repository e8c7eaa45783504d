import type {
  Capabilities,
  Connection,
  Persistence,
  Publisher,
  ServerInfo,
  SettingChange,
  Subscriber,
  SubscriptionSpec,
  TopicSpec,
} from '@pluribus/core/driver'
import type { Bell } from './bell.ts'
import { CAPABILITIES } from './capabilities.ts'
import type { Database } from './database.ts'
import { declareSubscription, declareTopic } from './declare.ts'
import { SqlitePersistence } from './persistence.ts'
import { SqlitePublisher } from './publisher.ts'
import { maintain } from './retention.ts'
import type { Shared } from './shared.ts'
import { SqliteSubscriber } from './subscriber.ts'

export class SqliteConnection implements Connection {
  readonly server: ServerInfo
  readonly capabilities: Capabilities = CAPABILITIES
  readonly publisher: Publisher
  readonly subscriber: Subscriber
  readonly persistence: Persistence
  readonly #db: Database
  readonly #bell: Bell

  constructor(shared: Shared) {
    const { db, bell } = shared
    this.#db = db
    this.#bell = bell
    this.server = { product: 'sqlite', version: db.version, endpoint: `sqlite:${db.location}` }
    this.publisher = new SqlitePublisher(db, bell)
    this.subscriber = new SqliteSubscriber(shared)
    this.persistence = new SqlitePersistence(db, bell)
  }

  async declare(
    topics: readonly TopicSpec[],
    subscriptions: readonly SubscriptionSpec[],
  ): Promise<readonly SettingChange[]> {
    return this.#db.write(() => [
      ...topics.flatMap(spec => declareTopic(this.#db, spec)),
      ...subscriptions.flatMap(spec => declareSubscription(this.#db, spec)),
    ])
  }

  async maintain(): Promise<number> {
    return maintain(this.#db)
  }

  async close(): Promise<void> {
    this.#bell.close()
    this.#db.close()
  }
}
