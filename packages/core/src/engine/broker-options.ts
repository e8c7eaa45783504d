import { type AdapterSource, isAdapter } from '../config/adapter-source.js'
import { isBrokerUrl } from '../config/broker-url.js'
import { isConfig, type PluribusConfig } from '../config/define-config.js'
import { isEnvReference } from '../config/env.js'
import { resolveAdapter } from '../config/resolve-adapter.js'
import type { Adapter } from '../driver/adapter.js'
import type { Environment, Logger } from '../driver/environment.js'
import { PluribusError } from '../errors/pluribus-error.js'
import { type Duration, toMilliseconds } from '../model/duration.js'
import { checkInteger, checkOptions } from '../model/options.js'
import { createEnvironment } from './environment.js'
import type { HandleMiddleware, PublishMiddleware } from './middleware.js'

/**
 * How a broker is set up.
 *
 * @example
 * ```ts
 * import { createBroker, type BrokerOptions } from '@pluribus/core'
 *
 * const options: BrokerOptions = { adapter: 'memory:', source: 'checkout', publishTimeout: '30s' }
 * await using broker = await createBroker(options)
 * ```
 */
export interface BrokerOptions {
  /** An adapter, a URL, a configuration, or `{ use: 'package' }`. Default: the variable `PLURIBUS_URL`. */
  readonly adapter?: AdapterSource | PluribusConfig
  /** Who publishes, in every message's envelope: 1 to 200 characters. Default: `pluribus`. */
  readonly source?: string
  /** How long the first connection may take, and each later attempt. Default: 10 s. */
  readonly connectTimeout?: Duration
  /**
   * How long a publish may wait to be sent: for a connection, or for a broker that refuses it for now. Also how long what
   * is in doubt is sent again. Default: 10 s.
   */
  readonly publishTimeout?: Duration
  /**
   * How many bytes may be published and not yet answered; a larger message passes while nothing else is in flight.
   * Default: 16 MiB.
   */
  readonly maxPending?: number
  /** How long a delivery stays with a process that is no longer heard of. Renewed at a third. Default: 30 s. */
  readonly lease?: Duration
  /** What stands around every publish and every handler; the first is the outermost. */
  readonly middleware?: {
    readonly publish?: readonly PublishMiddleware[]
    readonly handle?: readonly HandleMiddleware[]
  }
  /** Default: warnings and errors on stderr. `false`: nothing. */
  readonly logger?: Logger | false
  /** Clock, timers and randomness, for tests. */
  readonly environment?: Partial<Environment>
}

const KNOWN = [
  'adapter',
  'source',
  'connectTimeout',
  'publishTimeout',
  'maxPending',
  'lease',
  'middleware',
  'logger',
  'environment',
]
const SILENT: Logger = Object.freeze({ debug() {}, info() {}, warn() {}, error() {} })

/** Options with every default applied; durations in milliseconds. */
export interface ResolvedOptions {
  readonly adapter: Adapter
  readonly source: string
  readonly connectTimeout: number
  readonly publishTimeout: number
  readonly maxPending: number
  readonly lease: number
  readonly publishMiddleware: readonly PublishMiddleware[]
  readonly handleMiddleware: readonly HandleMiddleware[]
  readonly environment: Environment
}

/** Checks and completes options. Rejects with `INVALID_ARGUMENT`, `INVALID_CONFIGURATION` or `ADAPTER_MISSING`. */
export async function resolveOptions(given: BrokerOptions | PluribusConfig): Promise<ResolvedOptions> {
  const options: BrokerOptions = checkOptions(optionsOf(given), KNOWN, 'createBroker()')
  const { middleware = {}, logger, environment = {} } = options
  checkOptions(middleware, ['publish', 'handle'], 'createBroker() middleware')
  checkOptions(environment, ['clock', 'timers', 'logger', 'random', 'instance'], 'createBroker() environment')
  checkLogger(logger === undefined ? environment.logger : logger)
  const resolved = {
    source: checkSource(options.source ?? 'pluribus'),
    connectTimeout: toMilliseconds(options.connectTimeout ?? '10s', 'connectTimeout', 1),
    publishTimeout: toMilliseconds(options.publishTimeout ?? '10s', 'publishTimeout', 1),
    maxPending: checkInteger(options.maxPending ?? 16 * 1_024 * 1_024, 'maxPending', 1, Number.MAX_SAFE_INTEGER),
    lease: toMilliseconds(options.lease ?? '30s', 'lease', 100),
    publishMiddleware: checkFunctions(middleware.publish ?? [], 'publish'),
    handleMiddleware: checkFunctions(middleware.handle ?? [], 'handle'),
    environment: createEnvironment(logger === undefined ? environment : { ...environment, logger: logger || SILENT }),
  }
  return Object.freeze({ ...resolved, adapter: await resolveAdapter(options.adapter) })
}

function optionsOf(given: unknown): BrokerOptions {
  if (isConfig(given)) return { adapter: given }
  // Not quoted: a URL has its password in it.
  if (typeof given !== 'string' && !isBrokerUrl(given) && !isEnvReference(given) && !isAdapter(given)) {
    return given as BrokerOptions
  }
  throw new PluribusError('INVALID_ARGUMENT', 'createBroker() takes options. Write createBroker({ adapter: … }).')
}

function checkLogger(logger: Logger | false | undefined): void {
  const levels = ['debug', 'info', 'warn', 'error'] as const
  if (logger === undefined || logger === false) return
  if (typeof logger === 'object' && levels.every(level => typeof logger?.[level] === 'function')) return
  const message = `createBroker() logger has the functions ${levels.join(', ')}, as pino's have; or is false, for silence.`
  throw new PluribusError('INVALID_ARGUMENT', message, { details: { argument: 'logger' } })
}

function checkSource(source: unknown): string {
  if (typeof source === 'string' && source.length > 0 && source.length <= 200 && source.isWellFormed()) return source
  throw new PluribusError('INVALID_ARGUMENT', 'createBroker() source is a text of 1 to 200 characters.')
}

function checkFunctions<F>(list: readonly F[], kind: string): readonly F[] {
  if (Array.isArray(list) && list.every(entry => typeof entry === 'function')) return Object.freeze([...list])
  throw new PluribusError('INVALID_ARGUMENT', `createBroker() middleware.${kind} is a list of functions.`)
}
