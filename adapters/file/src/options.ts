import { type BrokerUrl, checkOptions, type Duration, PluribusError, toMilliseconds } from '@pluribus/core/driver'
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
const SHORTEST_WINDOW = 100
const SHORTEST_TIMEOUT = 500
const LONGEST_TIMEOUT = 300_000

/** Throws `INVALID_ARGUMENT`. */
export function resolveOptions(options: FileOptions): Resolved {
  const given = checkOptions(options, NAMES, 'file()')
  const { dir, name = 'file', unsafeFilesystem = false } = given
  if (typeof dir !== 'string' || !isPath(dir)) throw badOption('dir', LEGAL_DIR)
  if (typeof name !== 'string' || name === '') throw badOption('name', 'a text that is not empty')
  if (typeof unsafeFilesystem !== 'boolean') throw badOption('unsafeFilesystem', 'true or false')
  return { name, dir, ...settingsOf(given, badOption), unsafeFilesystem }
}

/** What a URL means. Throws `INVALID_CONFIGURATION`. */
export function optionsOf({ path, options }: BrokerUrl): Resolved {
  if (path === '') throw badUrl('names no folder')
  if (!isPath(path)) throw badUrlOption('path', LEGAL_DIR)
  for (const option of options.keys()) if (!IN_URLS.includes(option)) throw unknownOption(option)
  return { name: 'file', dir: path, ...settingsOf(Object.fromEntries(options), badUrlOption), unsafeFilesystem: false }
}

const LEGAL_DIR = 'the path of a folder, such as ./data or /var/lib/shop; ~ stands for a home folder in shells alone'

/** A folder that is called `~` is one that nobody has meant, and that is removed with the home folder. `./~` is meant. */
const isPath = (dir: string): boolean => dir !== '' && !dir.includes('\0') && !/^~[^/]*(?:\/|$)/.test(dir)

/** What may stand in a URL as well. */
function settingsOf(
  { deduplicationWindow, onDamage = 'refuse', leaderTimeout }: Readonly<Record<string, unknown>>,
  bad: (option: string, legal: string) => PluribusError,
): Pick<Resolved, 'window' | 'onDamage' | 'leaderTimeout'> {
  if (onDamage !== 'refuse' && onDamage !== 'quarantine') throw bad('onDamage', "'refuse' or 'quarantine'")
  const window = durationOf(deduplicationWindow ?? DEDUPLICATION_WINDOW, SHORTEST_WINDOW, DAY)
  if (window === undefined) throw bad('deduplicationWindow', "a duration from '100ms' to '1d'")
  const timeout = durationOf(leaderTimeout ?? LEADER_TIMEOUT, SHORTEST_TIMEOUT, LONGEST_TIMEOUT)
  if (timeout === undefined) throw bad('leaderTimeout', "a duration from '500ms' to '5m'")
  return { window, onDamage, leaderTimeout: timeout }
}

/** Milliseconds; undefined for what is none, or too short or too long. */
function durationOf(value: unknown, shortest: number, longest: number): number | undefined {
  try {
    const duration = toMilliseconds(value as Duration, 'duration')
    return duration >= shortest && duration <= longest ? duration : undefined
  } catch {
    return undefined
  }
}

const badUrlOption = (option: string, legal: string): PluribusError =>
  new PluribusError('INVALID_CONFIGURATION', `The ${option} of a file: URL is ${legal}.`, { details: { option } })

const unknownOption = (option: string): PluribusError =>
  new PluribusError(
    'INVALID_CONFIGURATION',
    `file: URLs have no option "${option}". Legal are ${IN_URLS.join(', ')}.`,
    {
      details: { option, legal: IN_URLS },
    },
  )
