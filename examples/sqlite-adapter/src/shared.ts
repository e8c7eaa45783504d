import type { Environment } from '@pluribus/core/driver'
import type { Bell } from './bell.ts'
import type { Database } from './database.ts'

/** What everything of one connection shares. */
export interface Shared {
  readonly db: Database
  readonly bell: Bell
  readonly environment: Environment
  /** Milliseconds. */
  readonly poll: number
}
