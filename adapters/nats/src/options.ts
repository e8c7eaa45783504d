import type { ConnectionOptions } from '@nats-io/transport-node'
import {
  type BrokerUrl,
  checkOptions,
  type Duration,
  type Host,
  PluribusError,
  toMilliseconds,
} from '@pluribus/core/driver'
import { DEDUPLICATION_WINDOW } from './capabilities.js'
import { unknownOption } from './errors.js'

/**
 * What an encrypted connection is made with: files in PEM.
 *
 * @example
 * ```ts
 * import type { NatsTls } from '@pluribus/nats'
 *
 * const tls: NatsTls = { ca: '/etc/ssl/nats-ca.pem' }
 * ```
 */
export interface NatsTls {
  /** Whom to trust. Default: the authorities that Node knows. */
  readonly ca?: string
  /** The client's own certificate, where the server asks for one. */
  readonly cert?: string
  /** Its key. */
  readonly key?: string
}

/**
 * Who connects.
 *
 * @example
 * ```ts
 * import type { NatsCredentials } from '@pluribus/nats'
 *
 * const credentials = (): NatsCredentials => ({ token: process.env.NATS_TOKEN ?? '' })
 * ```
 */
export type NatsCredentials = { readonly username: string; readonly password?: string } | { readonly token: string }

/**
 * How a NATS adapter is configured.
 *
 * @example
 * ```ts
 * import { type NatsOptions, nats } from '@pluribus/nats'
 *
 * const options: NatsOptions = { servers: ['one:4222', 'two:4222'], prefix: 'shop' }
 * export const adapter = nats(options)
 * ```
 */
export interface NatsOptions {
  /** `host:port` of one server, or of several of one cluster. Default: `localhost:4222`. */
  readonly servers?: string | readonly string[]
  /** A name and a password, or a token. Default: none. */
  readonly credentials?: NatsCredentials
  /** Default: encrypted where the server insists; `true` insists here. */
  readonly tls?: boolean | NatsTls
  /** What the names of all streams and subjects begin with: `a-z`, `0-9` and `-`, up to 40. Default: `pluribus`. */
  readonly prefix?: string
  /** How many servers of a cluster keep each stream: 1 to 5. Of those that exist already it changes nothing. Default: 1. */
  readonly replicas?: number
  /**
   * How long ids that callers supply are remembered, `'100ms'` to `'1d'`: the server keeps them in memory. The first who declares
   * a topic decides for it. Default: `'2m'`.
   */
  readonly deduplicationWindow?: Duration
  /** What errors and logs call the adapter. Default: `nats`. */
  readonly name?: string
}

/** Options with every default applied. */
export interface ResolvedOptions {
  readonly name: string
  readonly prefix: string
  readonly replicas: number
  /** Milliseconds. */
  readonly window: number
  /** Where it connects to, without secrets. */
  readonly endpoint: string
  /** Of the client. A function, so that no printer comes across the secrets. */
  client(): ConnectionOptions
}

const KNOWN = ['servers', 'credentials', 'tls', 'prefix', 'replicas', 'deduplicationWindow', 'name'] as const
const CREDENTIALS = ['username', 'password', 'token'] as const
const TLS_KNOWN = ['ca', 'cert', 'key'] as const
const SERVER = /^(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9._-]{1,253})(:\d{1,5})?$/
const PREFIX = /^[a-z0-9-]{1,40}$/

/** One attempt to connect, in milliseconds. Core makes the next one. */
const CONNECT_TIMEOUT = 5_000
/** How often an idle connection is asked whether it lives, in milliseconds; unanswered twice, it is over. */
const PING = 4_000

/** Options with every default applied. Throws `INVALID_ARGUMENT`. */
export function resolveOptions(options: NatsOptions): ResolvedOptions {
  const given = checkOptions(options, KNOWN, 'nats()')
  const { prefix = 'pluribus', name = 'nats', replicas = 1, deduplicationWindow = DEDUPLICATION_WINDOW } = given
  if (typeof prefix !== 'string' || !PREFIX.test(prefix)) throw bad('prefix', LEGAL_PREFIX)
  if (typeof name !== 'string' || name === '') throw bad('name', 'a text that is not empty')
  if (!isReplicas(replicas)) throw bad('replicas', LEGAL_REPLICAS)
  const window = windowOf(deduplicationWindow)
  if (window === undefined) throw bad('deduplicationWindow', LEGAL_WINDOW)
  const servers = serversOf(given.servers)
  const credentials = checkCredentials(given.credentials)
  return resolved({ name, prefix, replicas, window, servers, tls: checkTls(given.tls), credentials })
}

interface Parts {
  readonly name: string
  readonly prefix: string
  readonly replicas: number
  readonly window: number
  readonly servers: readonly string[]
  readonly tls: NatsTls | undefined
  readonly credentials: ConnectionOptions
}

function resolved({ name, prefix, replicas, window, servers, tls, credentials }: Parts): ResolvedOptions {
  const { ca, cert, key } = tls ?? {}
  const files = {
    ...(ca === undefined ? {} : { caFile: ca }),
    ...(cert === undefined ? {} : { certFile: cert }),
    ...(key === undefined ? {} : { keyFile: key }),
  }
  return {
    name,
    prefix,
    replicas,
    window,
    endpoint: `nats://${servers.join(',')}`,
    client: () => ({
      servers: [...servers],
      ...credentials,
      ...(tls === undefined ? {} : { tls: files }),
      // A connection is a generation: core replaces it. And nobody is led to servers that were not named.
      reconnect: false,
      ignoreClusterUpdates: true,
      timeout: CONNECT_TIMEOUT,
      pingInterval: PING,
      maxPingOut: 2,
      noAsyncTraces: true,
    }),
  }
}

/** The options of a URL: `nats://user:password@one:4222,two:4222?prefix=shop&tls=true`; a name without a password is a token. */
export function optionsOf(url: BrokerUrl): ResolvedOptions {
  for (const option of url.options.keys()) if (!URL_OPTIONS.includes(option)) throw unknownOption(option, URL_OPTIONS)
  const { options, username } = url
  const password = url.password()
  const prefix = options.get('prefix') ?? 'pluribus'
  const replicas = Number(options.get('replicas') ?? 1)
  const window = windowOf(options.get('deduplicationWindow') ?? DEDUPLICATION_WINDOW)
  if (url.path !== '' && url.path !== '/') throw misconfigured('path', 'empty: names of your own are ?prefix=shop')
  if (!PREFIX.test(prefix)) throw misconfigured('prefix', LEGAL_PREFIX)
  if (!isReplicas(replicas)) throw misconfigured('replicas', LEGAL_REPLICAS)
  if (window === undefined) throw misconfigured('deduplicationWindow', LEGAL_WINDOW)
  return resolved({
    name: 'nats',
    prefix,
    replicas,
    window,
    servers: url.hosts.map(addressOf),
    tls: tlsOf(options),
    credentials: clientCredentials(password === undefined ? { token: username } : { username, password }),
  })
}

const URL_OPTIONS: readonly string[] = ['ca', 'cert', 'deduplicationWindow', 'key', 'prefix', 'replicas', 'tls']
const LEGAL_PREFIX = 'a-z, 0-9 and -, up to 40 of them'
const LEGAL_REPLICAS = 'a whole number from 1 to 5'
const LEGAL_WINDOW = "a duration from '100ms' to '1d'"

function tlsOf(options: ReadonlyMap<string, string>): NatsTls | undefined {
  const wanted = options.get('tls')
  if (wanted !== undefined && wanted !== 'true' && wanted !== 'false') throw misconfigured('tls', 'true or false')
  const files = Object.fromEntries(TLS_KNOWN.flatMap(name => (options.has(name) ? [[name, options.get(name)]] : [])))
  const hasFiles = Object.keys(files).length > 0
  if (wanted === 'false' && hasFiles) throw misconfigured('tls', 'not false where files for it are named')
  return wanted === 'true' || hasFiles ? files : undefined
}

const addressOf = ({ host, port = 4_222 }: Host): string => `${host.includes(':') ? `[${host}]` : host}:${port}`

function serversOf(servers: unknown = 'localhost:4222'): readonly string[] {
  const list: readonly unknown[] = Array.isArray(servers) ? servers : [servers]
  const addresses = list.map(server => {
    if (typeof server !== 'string' || !SERVER.test(server)) throw bad('servers', "'host:port', or a list of those")
    return /:\d{1,5}$/.test(server) ? server : `${server}:4222`
  })
  if (addresses.length === 0) throw bad('servers', 'not an empty list')
  return addresses
}

function checkTls(tls: unknown): NatsTls | undefined {
  if (tls === undefined || tls === false) return undefined
  if (tls === true) return {}
  const files = checkOptions(tls, TLS_KNOWN, 'nats() tls')
  for (const name of TLS_KNOWN) text(files[name], `tls.${name}`)
  return files
}

function checkCredentials(credentials: unknown): ConnectionOptions {
  const given = checkOptions(credentials, CREDENTIALS, 'nats() credentials')
  const username = text(given.username, 'credentials.username')
  const password = text(given.password, 'credentials.password')
  const token = text(given.token, 'credentials.token')
  if (token !== undefined && (username !== undefined || password !== undefined)) {
    throw bad('credentials', 'a name and a password, or a token')
  }
  return clientCredentials({ username, password, token })
}

interface Credentials {
  readonly username?: string | undefined
  readonly password?: string | undefined
  readonly token?: string | undefined
}

const clientCredentials = ({ username, password, token }: Credentials): ConnectionOptions => ({
  ...(token === undefined ? {} : { token }),
  ...(username === undefined ? {} : { user: username }),
  ...(password === undefined ? {} : { pass: password }),
})

function text(value: unknown, argument: string): string | undefined {
  if (value === undefined || (typeof value === 'string' && value !== '')) return value
  throw bad(argument, 'a text that is not empty')
}

/** Milliseconds; undefined for what is none, or too short or too long for the server. */
function windowOf(value: unknown): number | undefined {
  try {
    const window = toMilliseconds(value as Duration, 'deduplicationWindow')
    return window >= 100 && window <= 86_400_000 ? window : undefined
  } catch {
    return undefined
  }
}

const isReplicas = (value: unknown): value is number =>
  typeof value === 'number' && Number.isInteger(value) && value >= 1 && value <= 5

const bad = (argument: string, legal: string): PluribusError =>
  new PluribusError('INVALID_ARGUMENT', `nats() ${argument} is ${legal}.`, { details: { argument } })

const misconfigured = (option: string, legal: string): PluribusError =>
  new PluribusError('INVALID_CONFIGURATION', `The ${option} of a nats: URL is ${legal}.`, { details: { option } })
