import { type AdapterSource, isAdapter } from '../config/adapter-source.js'
import { isBrokerUrl } from '../config/broker-url.js'
import { isConfig, type PluribusConfig } from '../config/define-config.js'
import { isEnvReference } from '../config/env.js'
import { resolveAdapter } from '../config/resolve-adapter.js'
import type { Adapter } from '../driver/adapter.js'
import type { Environment, Logger } from '../driver/environment.js'
import { PluribusError } from '../errors/pluribus-error.js'
import { type Duration, toMilliseconds } from '../model/duration.js'
import type { JournalLevel } from '../model/journal.js'
import { checkInteger, checkOptions } from '../model/options.js'
import { quote } from '../model/quote.js'
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
  /**
   * Which deliveries the broker writes to {@link deliveryJournal}: those that failed, died or got lost, `all`, or none. Unless
   * it is `off`, what this process runs is written to {@link processJournal}, too. Nothing waits for it: what cannot be stored is
   * kept up to 16 MiB, then dropped and counted. Default: `failures`.
   */
  readonly journal?: JournalLevel
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
  'journal',
  'middleware',
  'logger',
  'environment',
]
const JOURNAL_LEVELS: readonly JournalLevel[] = ['failures', 'all', 'off']
const SILENT: Logger = Object.freeze({ debug() {}, info() {}, warn() {}, error() {} })

/** Options with every default applied; durations in milliseconds. */
export interface ResolvedOptions {
  readonly adapter: Adapter
  readonly source: string
  readonly connectTimeout: number
  readonly publishTimeout: number
  readonly maxPending: number
  readonly lease: number
  readonly journal: JournalLevel
  readonly publishMiddleware: readonly PublishMiddleware[]
  readonly handleMiddleware: readonly HandleMiddleware[]
  readonly environment: Environment
}

/** Checks and completes options. Rejects with `INVALID_ARGUMENT`, `INVALID_CONFIGURATION` or `ADAPTER_MISSING`. */
export async function resolveOptions(given: BrokerOptions | PluribusConfig): Promise<ResolvedOptions> {
  const options: BrokerOptions = checkOptions(optionsOf(given), KNOWN, 'createBroker()')
  const { middleware = {}, logger, environment = {} } = options
  const { source = 'pluribus', connectTimeout = '10s', publishTimeout = '10s', lease = '30s' } = options
  const { maxPending = 16 * 1_024 * 1_024 } = options
  checkOptions(middleware, ['publish', 'handle'], 'createBroker() middleware')
  const { publish = [], handle = [] } = middleware
  checkEnvironment(environment)
  checkLogger(logger === undefined ? environment.logger : logger)
  const resolved = {
    source: checkSource(source),
    connectTimeout: toMilliseconds(connectTimeout, 'connectTimeout', 1),
    publishTimeout: toMilliseconds(publishTimeout, 'publishTimeout', 1),
    maxPending: checkInteger(maxPending, 'maxPending', 1, Number.MAX_SAFE_INTEGER),
    lease: toMilliseconds(lease, 'lease', 100),
    journal: checkJournal(options.journal),
    publishMiddleware: checkFunctions(publish, 'publish'),
    handleMiddleware: checkFunctions(handle, 'handle'),
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

/** What each part of an environment that is given has to have. */
const CLOCK = ['now', 'monotonic']
const TIMERS = ['setTimeout', 'clearTimeout', 'setImmediate', 'clearImmediate']

function checkEnvironment(environment: Partial<Environment>): void {
  checkOptions(environment, ['clock', 'timers', 'logger', 'random', 'instance'], 'createBroker() environment')
  const { clock, timers, random, instance } = environment
  const bad = [
    clock === undefined || hasFunctions(clock, CLOCK) ? '' : `clock has the functions ${CLOCK.join(', ')}`,
    timers === undefined || hasFunctions(timers, TIMERS) ? '' : `timers have the functions ${TIMERS.join(', ')}`,
    random === undefined || typeof random === 'function' ? '' : 'random is a function',
    instance === undefined || (typeof instance === 'string' && instance !== '') ? '' : 'instance is a text',
  ].find(problem => problem !== '')
  if (bad === undefined) return
  const message = `createBroker() environment: ${bad}; leave it out for the platform's own.`
  throw new PluribusError('INVALID_ARGUMENT', message, { details: { argument: 'environment' } })
}

const hasFunctions = (value: unknown, names: readonly string[]): boolean =>
  typeof value === 'object' &&
  value !== null &&
  names.every(name => typeof (value as Record<string, unknown>)[name] === 'function')

function checkLogger(logger: Logger | false | undefined): void {
  const levels = ['debug', 'info', 'warn', 'error'] as const
  if (logger === undefined || logger === false) return
  if (hasFunctions(logger, levels)) return
  const message = `createBroker() logger has the functions ${levels.join(', ')}, as pino's have; or is false, for silence.`
  throw new PluribusError('INVALID_ARGUMENT', message, { details: { argument: 'logger' } })
}

function checkSource(source: unknown): string {
  if (typeof source === 'string' && source.length > 0 && source.length <= 200 && source.isWellFormed()) return source
  throw new PluribusError('INVALID_ARGUMENT', 'createBroker() source is a text of 1 to 200 characters.')
}

function checkJournal(level: JournalLevel = 'failures'): JournalLevel {
  if (JOURNAL_LEVELS.includes(level)) return level
  const message = `createBroker() journal: ${quote(level)} is not legal: use ${JOURNAL_LEVELS.map(quote).join(', ')}.`
  throw new PluribusError('INVALID_ARGUMENT', message, { details: { argument: 'journal', legal: JOURNAL_LEVELS } })
}

function checkFunctions<F>(list: readonly F[], kind: string): readonly F[] {
  if (Array.isArray(list) && list.every(entry => typeof entry === 'function')) return Object.freeze([...list])
  throw new PluribusError('INVALID_ARGUMENT', `createBroker() middleware.${kind} is a list of functions.`)
}
