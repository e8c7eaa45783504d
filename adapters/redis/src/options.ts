import type { ConnectionOptions } from 'node:tls'
import {
  type BrokerUrl,
  checkInteger,
  checkOptions,
  type Duration,
  PluribusError,
  parseBrokerUrl,
  toMilliseconds,
} from '@pluribus/core/driver'
import { DEDUPLICATION_WINDOW } from './capabilities.js'
import type { Durability } from './durability.js'
import { badOption, badUrl } from './errors.js'
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
const DAY = 86_400_000
const PREFIX = /^[A-Za-z0-9_.:-]{1,60}$/
const DATABASE = /^\/?(\d{0,4})$/

/** Throws `INVALID_ARGUMENT`, or `INVALID_CONFIGURATION` for what the URL says. */
export function resolveOptions(options: RedisOptions): Resolved {
  const given = checkOptions(options, NAMES, 'redis()') as RedisOptions
  const { url = 'redis://localhost:6379/0' } = given
  if (typeof url !== 'string') throw badOption('url', 'a text, such as redis://localhost:6379/0')
  return resolve(parseBrokerUrl(url, 'redis() url'), given)
}

/** What a URL alone says. */
export const optionsOf = (url: BrokerUrl): Resolved => resolve(url, {})

function resolve(url: BrokerUrl, given: RedisOptions): Resolved {
  const query = readQuery(url)
  const { name = 'redis', tls } = given
  const prefix = given.prefix ?? query.prefix ?? 'pluribus'
  const durability = given.durability ?? query.durability
  if (typeof name !== 'string' || name === '') throw badOption('name', 'a text that is not empty')
  if (typeof prefix !== 'string' || !PREFIX.test(prefix)) {
    throw badOption('prefix', 'up to 60 letters, digits, "-", "_", "." and ":"')
  }
  if (durability !== undefined && !['memory', 'process', 'disk'].includes(durability)) {
    throw badOption('durability', "'memory', 'process' or 'disk'")
  }
  if (tls !== undefined && url.scheme !== 'rediss') throw badOption('tls', 'for rediss: URLs only')
  const window = windowOf(given.deduplicationWindow ?? query.deduplicationWindow)
  const client = clientOptions(url, given)
  const endpoint = `${url.scheme}://${addressOf(url).host}:${addressOf(url).port}/${databaseOf(url)}`
  return { name, prefix, durability: durability as Durability | undefined, window, endpoint, client: () => client }
}

function clientOptions(url: BrokerUrl, given: RedisOptions): Endpoint {
  const username = given.username ?? url.username
  const password = given.password ?? url.password()
  const { host, port } = addressOf(url)
  return {
    ...{ host, port, db: databaseOf(url) },
    ...(username === undefined ? {} : { username }),
    ...(password === undefined ? {} : { password }),
    ...(url.scheme === 'rediss' ? { tls: { servername: host, ...given.tls } } : {}),
  }
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

function windowOf(duration: Duration | undefined): number {
  if (duration === undefined) return DEDUPLICATION_WINDOW
  const window = toMilliseconds(duration, 'redis() deduplicationWindow')
  return checkInteger(window, 'redis() deduplicationWindow', 100, DAY)
}

function readQuery({ options }: BrokerUrl): Pick<RedisOptions, 'prefix' | 'durability' | 'deduplicationWindow'> {
  const known = ['prefix', 'durability', 'deduplicationWindow']
  for (const option of options.keys()) {
    if (known.includes(option)) continue
    throw new PluribusError(
      'INVALID_CONFIGURATION',
      `redis: URLs have no option "${option}". Legal are ${known.join(', ')}.`,
      { details: { option, legal: known } },
    )
  }
  return Object.fromEntries(options)
}
