import type { ConnectionOptions } from 'node:tls'
import {
  type BrokerUrl,
  checkOptions,
  type Duration,
  type PluribusError,
  parseBrokerUrl,
  toMilliseconds,
} from '@pluribus/core/driver'
import { DEDUPLICATION_WINDOW } from './capabilities.js'
import type { Durability } from './durability.js'
import { badOption, badUrl, badUrlOption, unknownUrlOption } from './errors.js'
import type { Endpoint } from './link.js'

/**
 * How a Redis adapter is configured.
 *
 * @example
 * ```ts
 * import { type RedisOptions, redis } from '@pluribus/redis'
 *
 * const options: RedisOptions = { url: 'redis://localhost:6379/0', prefix: 'shop', durability: 'disk' }
 * export const shop = redis(options)
 * ```
 */
export interface RedisOptions {
  /**
   * Where the server is: `redis://user:password@host:port/database`, or `rediss:` for TLS. In its query may stand `prefix`,
   * `durability` and `deduplicationWindow`. Default: `redis://localhost:6379/0`.
   */
  readonly url?: string
  /** Instead of the URL's. */
  readonly username?: string
  /** Instead of the URL's, so that it need not be written there. */
  readonly password?: string
  /** How the server is trusted, as `tls.connect` takes it; with `rediss:` only. Default: by the system's authorities. */
  readonly tls?: Pick<ConnectionOptions, 'ca' | 'cert' | 'key' | 'passphrase' | 'rejectUnauthorized' | 'servername'>
  /** What all keys begin with: letters, digits, `-`, `_`, `.` and `:`, up to 60. Default: `pluribus`. */
  readonly prefix?: string
  /**
   * What a resolved publish is to survive at least: `process`, the server's crash; `disk`, a power cut. A server whose settings
   * give less is refused as `UNSUPPORTED`. Default: whatever the server gives; less than `disk` is logged as a warning.
   */
  readonly durability?: Durability
  /** How long supplied ids are remembered: from 100 ms to a day. Default: 5 minutes. */
  readonly deduplicationWindow?: Duration
  /** What errors and logs call the adapter. Default: `redis`. */
  readonly name?: string
}

/** Options with every default applied. */
export interface Resolved {
  readonly name: string
  readonly prefix: string
  readonly durability: Durability | undefined
  /** Milliseconds. */
  readonly window: number
  /** For messages: without secrets. */
  readonly endpoint: string
  /** A function, so that nothing that prints this prints a password. */
  client(): Endpoint
}

const NAMES = ['url', 'username', 'password', 'tls', 'prefix', 'durability', 'deduplicationWindow', 'name'] as const
const IN_URLS: readonly string[] = ['prefix', 'durability', 'deduplicationWindow']
const TLS_NAMES = ['ca', 'cert', 'key', 'passphrase', 'rejectUnauthorized', 'servername'] as const
const DURABILITIES: readonly unknown[] = ['memory', 'process', 'disk']
const SHORTEST = 100
const DAY = 86_400_000
const PREFIX = /^[A-Za-z0-9_.:-]{1,60}$/
const DATABASE = /^\/?(\d{0,4})$/

/** Throws `INVALID_ARGUMENT`, or `INVALID_CONFIGURATION` for what the URL says. */
export function resolveOptions(options: RedisOptions): Resolved {
  const given = checkOptions(options, NAMES, 'redis()')
  const { url = 'redis://localhost:6379/0' } = given
  if (typeof url !== 'string') throw badOption('url', 'a text, such as redis://localhost:6379/0')
  return resolve(parseBrokerUrl(url, 'redis() url'), given)
}

/** What a URL alone says. Throws `INVALID_CONFIGURATION`. */
export const optionsOf = (url: BrokerUrl): Resolved => resolve(url, {})

function resolve(url: BrokerUrl, given: Readonly<Record<string, unknown>>): Resolved {
  const { scheme } = url
  if (scheme !== 'redis' && scheme !== 'rediss') throw badUrl(`begins with ${scheme}:`)
  for (const option of url.options.keys()) if (!IN_URLS.includes(option)) throw unknownUrlOption(option, IN_URLS)
  const { host, port } = addressOf(url)
  const db = databaseOf(url)
  const defaults = { prefix: 'pluribus', durability: undefined, window: DEDUPLICATION_WINDOW }
  const settings = {
    ...defaults,
    ...settingsOf(Object.fromEntries(url.options), badUrlOption),
    ...settingsOf(given, badOption),
  }
  const client = { host, port, db, ...credentialsOf(url, given), ...encryptionOf(url, given.tls) }
  const name = text(given.name, 'name') ?? 'redis'
  return { name, ...settings, endpoint: `${scheme}://${host}:${port}/${db}`, client: () => client }
}

type Settings = Pick<Resolved, 'prefix' | 'durability' | 'window'>

/** What may stand in a URL as well: those that are there. */
function settingsOf(
  { prefix, durability, deduplicationWindow }: Readonly<Record<string, unknown>>,
  bad: (option: string, legal: string) => PluribusError,
): Partial<Settings> {
  if (prefix !== undefined && (typeof prefix !== 'string' || !PREFIX.test(prefix))) {
    throw bad('prefix', 'up to 60 letters, digits, "-", "_", "." and ":"')
  }
  if (durability !== undefined && !DURABILITIES.includes(durability)) {
    throw bad('durability', "'memory', 'process' or 'disk'")
  }
  const window = windowOf(deduplicationWindow)
  if (window === null) throw bad('deduplicationWindow', "a duration from '100ms' to '1d'")
  return {
    ...(prefix === undefined ? {} : { prefix }),
    ...(durability === undefined ? {} : { durability: durability as Durability }),
    ...(window === undefined ? {} : { window }),
  }
}

/** Milliseconds; null for what is none, or too short or too long. */
function windowOf(duration: unknown): number | undefined | null {
  if (duration === undefined) return undefined
  try {
    const window = toMilliseconds(duration as Duration, 'deduplicationWindow')
    return window >= SHORTEST && window <= DAY ? window : null
  } catch {
    return null
  }
}

function credentialsOf(
  url: BrokerUrl,
  given: Readonly<Record<string, unknown>>,
): Pick<Endpoint, 'username' | 'password'> {
  const username = text(given.username, 'username') ?? url.username
  const password = text(given.password, 'password') ?? url.password()
  return { ...(username === undefined ? {} : { username }), ...(password === undefined ? {} : { password }) }
}

function encryptionOf(url: BrokerUrl, tls: unknown): Pick<Endpoint, 'tls'> {
  const { host } = addressOf(url)
  const given = checkOptions(tls, TLS_NAMES, 'redis() tls')
  if (url.scheme === 'redis') {
    if (tls !== undefined) throw badOption('tls', 'for rediss: URLs only')
    return {}
  }
  for (const name of ['passphrase', 'servername'] as const) text(given[name], `tls.${name}`)
  const { rejectUnauthorized } = given
  if (rejectUnauthorized !== undefined && typeof rejectUnauthorized !== 'boolean') {
    throw badOption('tls.rejectUnauthorized', 'true or false')
  }
  for (const name of ['ca', 'cert', 'key'] as const) {
    if (!isPem(given[name]))
      throw badOption(`tls.${name}`, 'what is in a PEM file, as text or bytes, or a list of those')
  }
  return { tls: { servername: host, ...given } }
}

/** What is in the text only the client can tell, when it connects. */
const isPem = (value: unknown): boolean =>
  value === undefined ||
  (Array.isArray(value) ? value : [value]).every(one => typeof one === 'string' || one instanceof Uint8Array)

function text(value: unknown, option: string): string | undefined {
  if (value === undefined || (typeof value === 'string' && value !== '')) return value
  throw badOption(option, 'a text that is not empty')
}

function addressOf({ hosts }: BrokerUrl): { readonly host: string; readonly port: number } {
  if (hosts.length !== 1) throw badUrl('names several servers; there is one')
  const { host, port = 6_379 } = hosts[0] as (typeof hosts)[number]
  return { host, port }
}

function databaseOf({ path }: BrokerUrl): number {
  const [, digits] = DATABASE.exec(path) ?? []
  if (digits === undefined) throw badUrl('has a path that is no number of a database')
  return Number(digits)
}
