import type { Adapter, Capabilities, Classified, Connection, Environment } from '@pluribus/core/driver'
import { Bell } from './bell.ts'
import { CAPABILITIES } from './capabilities.ts'
import { SqliteConnection } from './connection.ts'
import { Database } from './database.ts'
import { classify } from './errors.ts'
import { type CheckedOptions, checkSqliteOptions, type SqliteOptions } from './options.ts'

/**
 * A broker in a SQLite file, shared by the processes of one machine.
 *
 * @example
 * ```ts
 * await using broker = await createBroker({ adapter: sqlite({ path: './app.db' }) })
 * ```
 */
export function sqlite(options: SqliteOptions): Adapter {
  return new SqliteAdapter(checkSqliteOptions(options))
}

class SqliteAdapter implements Adapter {
  readonly name = 'sqlite'
  readonly capabilities: Capabilities = CAPABILITIES
  readonly #options: CheckedOptions

  constructor(options: CheckedOptions) {
    this.#options = options
  }

  async connect(environment: Environment): Promise<Connection> {
    const { path, poll } = this.#options
    const db = new Database(path, environment.clock)
    return new SqliteConnection({ db, bell: new Bell(db.location), environment, poll })
  }

  classify(error: unknown): Classified {
    return classify(error)
  }
}
