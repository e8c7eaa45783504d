import { checkOptions, type Duration, PluribusError, toMilliseconds } from '@pluribus/core/driver'

/** What {@link sqlite} takes. */
export interface SqliteOptions {
  /** The database's file; made where it is missing, its folder is not. */
  readonly path: string
  /** How often an idle consumer looks for what other processes have published. Default: 1 s. */
  readonly poll?: Duration
}

/** The options, checked; durations in milliseconds. */
export interface CheckedOptions {
  readonly path: string
  readonly poll: number
}

export function checkSqliteOptions(options: SqliteOptions): CheckedOptions {
  const { path, poll = '1s' } = checkOptions(options, ['path', 'poll'], 'The options of sqlite')
  if (typeof path !== 'string' || path === '' || path === ':memory:') {
    throw new PluribusError('INVALID_ARGUMENT', "sqlite: path names a file, which processes share, such as './app.db'.")
  }
  return Object.freeze({ path, poll: toMilliseconds(poll, 'poll', 1) })
}
