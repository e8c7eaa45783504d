import type { Adapter } from '../driver/adapter.js'
import { PluribusError } from '../errors/pluribus-error.js'
import { checkOptions } from '../model/options.js'
import { quote } from '../model/quote.js'
import { type AdapterSource, isAdapter, isAdapterPackage, isUndefinedConfig, missingMembers } from './adapter-source.js'
import { type BrokerUrl, isBrokerUrl, parseBrokerUrl } from './broker-url.js'
import { connectionOf, isConfig, type PluribusConfig } from './define-config.js'
import { isEnvReference, type Variables } from './env.js'
import { callFactory, type Import, importPackage, loadPackage } from './load-package.js'
import { SCHEMES } from './schemes.js'

/** Where variables and packages come from; the process's own by default. */
export interface ResolveEnvironment {
  readonly env?: Variables
  readonly import?: Import
}

const WAYS =
  "Pass an adapter, createBroker({ adapter: memory() }); or a URL, createBroker({ adapter: 'memory:' }); " +
  'or set the environment variable PLURIBUS_URL=memory:.'

function refuse(problem: string): never {
  throw new PluribusError('INVALID_CONFIGURATION', `${problem} ${WAYS}`, { details: { variable: 'PLURIBUS_URL' } })
}

class Resolver {
  readonly #variables: Variables
  readonly #import: Import

  constructor({ env = process.env, import: load = importPackage }: ResolveEnvironment) {
    this.#variables = env
    this.#import = load
  }

  async resolve(source: unknown): Promise<Adapter> {
    if (source === undefined) return this.#fromDefault()
    return this.#fromSource(isConfig(source) ? this.#choose(source) : source)
  }

  #fromDefault(): Promise<Adapter> {
    const url = this.#variables.PLURIBUS_URL
    if (url === undefined || url === '') return refuse('No adapter is configured.')
    return this.#fromUrl(parseBrokerUrl(url, 'The URL in PLURIBUS_URL'))
  }

  #choose(config: PluribusConfig): AdapterSource {
    const { use } = config
    if (!isEnvReference(use)) return connectionOf(config, use, 'The configuration’s use')
    return connectionOf(config, use.resolve(this.#variables), `The environment variable ${use.name}, or its fallback,`)
  }

  #fromSource(source: unknown): Promise<Adapter> | Adapter {
    if (typeof source === 'string') return this.#fromUrl(parseBrokerUrl(source))
    if (isAdapter(source)) return source
    if (isBrokerUrl(source)) return this.#fromUrl(source)
    // A variable holds a URL and nothing else: who sets the environment does not choose what code runs.
    if (isEnvReference(source)) {
      return this.#fromUrl(parseBrokerUrl(source.resolve(this.#variables), `The URL in ${source.name}`))
    }
    if (isUndefinedConfig(source)) return refuse('The configuration is a plain object: wrap it in defineConfig({ … }).')
    if (isAdapterPackage(source)) return this.#fromPackage(source)
    if (typeof source === 'function') return refuse('The adapter is a function: call it.')
    const lacks = typeof source === 'object' && source !== null ? ` without ${missingMembers(source).join(', ')}` : ''
    return refuse(`The adapter is ${quote(source)}${lacks}.`)
  }

  async #fromUrl(url: BrokerUrl): Promise<Adapter> {
    const scheme = SCHEMES.get(url.scheme)
    if (scheme === undefined) return refuse('The URL has an unknown scheme.')
    return callFactory(await loadPackage(scheme.package, this.#import), scheme.package, 'fromUrl', url)
  }

  async #fromPackage(source: unknown): Promise<Adapter> {
    const { use, options } = checkOptions(source, ['use', 'options'], 'The adapter', 'INVALID_CONFIGURATION')
    const name = use as string
    return callFactory(await loadPackage(name, this.#import), name, 'createAdapter', options)
  }
}

/**
 * Finds the adapter that a source stands for: an adapter as it is; a URL through the fixed table of schemes; a variable
 * that holds a URL; a package named in code; a configuration's chosen connection; for `undefined`, the URL in
 * `PLURIBUS_URL`. Packages are imported when they are needed.
 *
 * @throws PluribusError (by rejecting) `INVALID_CONFIGURATION`, or `ADAPTER_MISSING` with the command that installs it.
 */
export const resolveAdapter = async (source: unknown, environment: ResolveEnvironment = {}): Promise<Adapter> =>
  new Resolver(environment).resolve(source)
