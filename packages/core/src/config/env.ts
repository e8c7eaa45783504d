import { PluribusError } from '../errors/pluribus-error.js'
import { quote } from '../model/quote.js'
import { hasBrand } from './brand.js'

/** Environment variables, as `process.env` has them. */
export type Variables = Readonly<Record<string, string | undefined>>

const BRAND = Symbol.for('pluribus.env')
const NAME = /^[A-Za-z_][A-Za-z0-9_]{0,199}$/

/**
 * An environment variable to be read later. Its fallback is held privately: it may be a URL with a password.
 *
 * @example
 * ```ts
 * import { type EnvReference, env } from '@pluribus/core'
 *
 * const url: EnvReference = env('PLURIBUS_URL', 'memory:')
 * ```
 */
export class EnvReference {
  readonly name: string
  readonly #fallback: string | undefined
  readonly [BRAND] = true

  /** For `env`, which checks what is given here. */
  constructor(name: string, fallback: string | undefined) {
    this.name = name
    this.#fallback = fallback
    Object.freeze(this)
  }

  /** The variable's value, or the fallback; an empty variable counts as unset. Throws `INVALID_CONFIGURATION` for neither. */
  resolve(variables: Variables): string {
    const value = variables[this.name]
    if (value !== undefined && value !== '') return value
    if (this.#fallback !== undefined) return this.#fallback
    const message = `The environment variable ${this.name} is not set, or empty. Set it, or give env() a fallback.`
    throw new PluribusError('INVALID_CONFIGURATION', message, { details: { variable: this.name } })
  }
}

/**
 * Refers to an environment variable, read when the broker is created, not when the configuration is loaded.
 *
 * @throws PluribusError `INVALID_CONFIGURATION` for an illegal name or fallback.
 * @example
 * ```ts
 * import { createBroker, env } from '@pluribus/core'
 *
 * await using broker = await createBroker({ adapter: env('BROKER_URL', 'memory:') })
 * ```
 */
export function env(name: string, fallback?: string): EnvReference {
  if (typeof name !== 'string' || !NAME.test(name)) {
    const message = `env(): ${quote(name)} is not the name of an environment variable. Use letters, digits and '_'.`
    throw new PluribusError('INVALID_CONFIGURATION', message, { details: { argument: 'name' } })
  }
  if (fallback !== undefined && (typeof fallback !== 'string' || fallback === '')) {
    const message = `env(${name}): the fallback is not text, or is empty. Leave it out, or pass e.g. 'memory:'.`
    throw new PluribusError('INVALID_CONFIGURATION', message, { details: { argument: 'fallback' } })
  }
  return new EnvReference(name, fallback)
}

/** Whether a value came from {@link env}, of any copy of this package. */
export const isEnvReference = (value: unknown): value is EnvReference => hasBrand(value, BRAND)
