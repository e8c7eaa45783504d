import { PluribusError } from '../errors/pluribus-error.js'
import { didYouMean } from '../model/did-you-mean.js'
import { checkOptions, copyPlainObject } from '../model/options.js'
import { quote } from '../model/quote.js'
import { type AdapterSource, isAdapter, isAdapterPackage, missingMembers } from './adapter-source.js'
import { hasBrand } from './brand.js'
import { isBrokerUrl, parseBrokerUrl } from './broker-url.js'
import { type EnvReference, isEnvReference } from './env.js'

export { EnvReference, env } from './env.js'

const BRAND = Symbol.for('pluribus.config')
const CONNECTION_NAME = /^[A-Za-z0-9_-]{1,60}$/

/**
 * Several connections, and which one to use: what {@link defineConfig} returns and `createBroker` takes.
 *
 * @example
 * ```ts
 * import { defineConfig, type PluribusConfig } from '@pluribus/core'
 *
 * const config: PluribusConfig = defineConfig({ connections: { dev: 'memory:' }, use: 'dev' })
 * ```
 */
export interface PluribusConfig<Name extends string = string> {
  readonly connections: Readonly<Record<Name, AdapterSource>>
  /** The name of a connection, or the variable that holds it. */
  readonly use: Name | EnvReference
  readonly [BRAND]: true
}

function refuse(message: string, details: Readonly<Record<string, unknown>> = {}): never {
  throw new PluribusError('INVALID_CONFIGURATION', `defineConfig(): ${message}`, { details })
}

/** Text becomes a {@link BrokerUrl} at once: mistakes are found early, and printing the configuration shows no password. */
function checkSource(value: unknown, name: string): AdapterSource {
  if (typeof value === 'string') return parseBrokerUrl(value, `defineConfig(): the connection ${name}`)
  if (isAdapter(value) || isEnvReference(value) || isBrokerUrl(value)) return value
  if (isAdapterPackage(value)) return Object.freeze({ ...value })
  const lacks = typeof value === 'object' && value !== null ? ` without ${missingMembers(value).join(', ')}` : ''
  const hint =
    typeof value === 'function' ? 'Call it: file({ … }).' : "Pass an adapter, a URL, env(…), or { use: 'package' }."
  return refuse(`the connection ${name} is ${quote(value)}${lacks}. ${hint}`, { connection: name })
}

function checkConnections(value: unknown): Record<string, AdapterSource> {
  const given =
    value === undefined ? {} : copyPlainObject(value, 'defineConfig(): connections', 'INVALID_CONFIGURATION')
  const connections = Object.create(null) as Record<string, AdapterSource>
  for (const [name, source] of Object.entries(given)) {
    if (!CONNECTION_NAME.test(name)) {
      refuse(`${quote(name)} is not the name of a connection. Use letters, digits, '-' and '_', up to 60.`)
    }
    if (source !== undefined) connections[name] = checkSource(source, name)
  }
  if (Object.keys(connections).length > 0) return Object.freeze(connections)
  return refuse("there are no connections. Write e.g. connections: { dev: 'memory:' }.")
}

/** Answers the connection of this name. Values out of variables are not repeated: they may be a misplaced URL. */
export function connectionOf(config: PluribusConfig, name: string, what: string): AdapterSource {
  // The connections have no prototype: nothing is inherited.
  const source = config.connections[name]
  if (source !== undefined) return source
  const legal = Object.keys(config.connections)
  const hint = CONNECTION_NAME.test(name) ? didYouMean(name, legal) : ''
  const message = `${what} does not name a connection.${hint} Legal are ${legal.join(', ')}.`
  throw new PluribusError('INVALID_CONFIGURATION', message, { details: { legal } })
}

/**
 * Declares the connections of an application and which one it uses, checked and frozen. URLs are parsed here, variables
 * are read when the broker is created.
 *
 * @throws PluribusError `INVALID_CONFIGURATION`.
 * @example
 * ```ts
 * import { defineConfig, env } from '@pluribus/core'
 *
 * export default defineConfig({
 *   connections: { dev: 'file:./.pluribus', prod: env('PLURIBUS_URL') },
 *   use: env('PLURIBUS_CONNECTION', 'dev'),
 * })
 * ```
 */
export function defineConfig<const Name extends string>(config: {
  readonly connections: Readonly<Record<Name, AdapterSource>>
  readonly use: NoInfer<Name> | EnvReference
}): PluribusConfig<Name> {
  const { connections, use } = checkOptions(config, ['connections', 'use'], 'defineConfig()', 'INVALID_CONFIGURATION')
  const result: PluribusConfig<Name> = {
    connections: checkConnections(connections) as Record<Name, AdapterSource>,
    use: use as Name | EnvReference,
    [BRAND]: true,
  }
  if (typeof use === 'string') connectionOf(result, use, 'defineConfig(): use')
  else if (!isEnvReference(use)) refuse(`use is ${quote(use)}. Name one of the connections, or pass env(…).`)
  return Object.freeze(result)
}

/** Whether a value came from {@link defineConfig}, of any copy of this package. */
export const isConfig = (value: unknown): value is PluribusConfig => hasBrand(value, BRAND)
