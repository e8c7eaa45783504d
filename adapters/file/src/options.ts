import {
  type BrokerUrl,
  checkInteger,
  checkOptions,
  type Duration,
  PluribusError,
  toMilliseconds,
} from '@pluribus/core/driver'
import { DEDUPLICATION_WINDOW } from './capabilities.js'
import { badOption, badUrl } from './errors.js'

/**
 * How a file adapter is configured.
 *
 * @example
 * ```ts
 * import { type FileOptions, file } from '@pluribus/file'
 *
 * const options: FileOptions = { dir: '.pluribus' }
 * export const local = file(options)
 * ```
 */
export interface FileOptions {
  /** The folder, which is made where it is missing. Relative ones begin where the process does. On a local file system. */
  readonly dir: string
  /** How long supplied ids are remembered: from 100 ms to a day. Default: 5 minutes. */
  readonly deduplicationWindow?: Duration
  /**
   * What to do where bytes of the log are missing or altered. `refuse`: the folder is not opened, and the error says what is gone.
   * `quarantine`: what is gone is logged, what was there is copied aside, and the rest goes on. Default: `refuse`.
   */
  readonly onDamage?: 'refuse' | 'quarantine'
  /**
   * How long the process that leads the folder may say nothing before another one takes its place: from 500 ms to 5 minutes, and longer
   * than an event loop is ever busy. One that has ended is replaced at once. The same in all processes. Default: 5 seconds.
   */
  readonly leaderTimeout?: Duration
  /**
   * Use a file system that other machines can mount as well, such as NFS. Two of them would destroy the folder, so this machine must be the
   * only one that uses it. Default: false.
   */
  readonly unsafeFilesystem?: boolean
  /** What errors and logs call the adapter. Default: `file`. */
  readonly name?: string
}

/** Options with every default applied. */
export interface Resolved {
  readonly name: string
  readonly dir: string
  /** Milliseconds. */
  readonly window: number
  readonly onDamage: 'refuse' | 'quarantine'
  /** Milliseconds. */
  readonly leaderTimeout: number
  readonly unsafeFilesystem: boolean
}

const NAMES = ['dir', 'deduplicationWindow', 'onDamage', 'leaderTimeout', 'unsafeFilesystem', 'name'] as const
const IN_URLS = ['deduplicationWindow', 'onDamage', 'leaderTimeout']
const DAY = 86_400_000
const LEADER_TIMEOUT = 5_000
const SHORTEST_TIMEOUT = 500
const LONGEST_TIMEOUT = 300_000

/** Throws `INVALID_ARGUMENT`. */
export function resolveOptions(options: FileOptions): Resolved {
  const given = checkOptions(options, NAMES, 'file()') as Partial<FileOptions>
  const { dir, name = 'file', onDamage = 'refuse', unsafeFilesystem = false } = given
  if (typeof dir !== 'string' || dir === '' || dir.includes('\0')) {
    throw badOption('dir', 'the path of a folder, such as ./data')
  }
  if (typeof name !== 'string' || name === '') throw badOption('name', 'a text that is not empty')
  if (onDamage !== 'refuse' && onDamage !== 'quarantine') throw badOption('onDamage', "'refuse' or 'quarantine'")
  if (typeof unsafeFilesystem !== 'boolean') throw badOption('unsafeFilesystem', 'true or false')
  const window = windowOf(given.deduplicationWindow)
  return { name, dir, onDamage, window, leaderTimeout: leaderTimeoutOf(given.leaderTimeout), unsafeFilesystem }
}

/**
 * What a URL means.
 *
 * @throws PluribusError `INVALID_CONFIGURATION`; `INVALID_ARGUMENT` for the value of an option.
 */
export function optionsOf({ path, options }: BrokerUrl): Resolved {
  if (path === '') throw badUrl('names no folder')
  for (const option of options.keys()) if (!IN_URLS.includes(option)) throw unknownOption(option)
  return resolveOptions({ dir: path, ...(Object.fromEntries(options) as Omit<FileOptions, 'dir'>) })
}

function windowOf(duration: Duration | undefined): number {
  if (duration === undefined) return DEDUPLICATION_WINDOW
  const window = toMilliseconds(duration, 'file() deduplicationWindow')
  return checkInteger(window, 'file() deduplicationWindow', 100, DAY)
}

function leaderTimeoutOf(duration: Duration | undefined): number {
  if (duration === undefined) return LEADER_TIMEOUT
  const timeout = toMilliseconds(duration, 'file() leaderTimeout')
  return checkInteger(timeout, 'file() leaderTimeout', SHORTEST_TIMEOUT, LONGEST_TIMEOUT)
}

const unknownOption = (option: string): PluribusError =>
  new PluribusError(
    'INVALID_CONFIGURATION',
    `file: URLs have no option "${option}". Legal are ${IN_URLS.join(', ')}.`,
    {
      details: { option, legal: IN_URLS },
    },
  )
