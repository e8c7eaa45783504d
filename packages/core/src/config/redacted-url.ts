import { hasBrand } from './brand.js'
import { isSecretName, MASK } from './redact.js'

/**
 * A server named by a URL.
 *
 * @example
 * ```ts
 * import type { Host } from '@pluribus/core/driver'
 *
 * const address = ({ host, port = 6379 }: Host) => `${host}:${port}`
 * ```
 */
export interface Host {
  /** A name or an address; IPv6 without its brackets. */
  readonly host: string
  readonly port?: number
}

/** What a {@link BrokerUrl} is made of, decoded. */
export interface BrokerUrlParts {
  readonly scheme: string
  readonly username?: string | undefined
  readonly password?: string | undefined
  readonly hosts: readonly Host[]
  readonly path: string
  readonly options: ReadonlyMap<string, string>
}

const BRAND = Symbol.for('pluribus.url')

/** What `encodeURI` leaves alone and would end a path. */
const writePath = (path: string): string => encodeURI(path).replace(/[?#]/g, encodeURIComponent)

const writeHost = ({ host, port }: Host): string =>
  (host.includes(':') ? `[${host}]` : host) + (port === undefined ? '' : `:${port}`)

/**
 * What a broker's URL says: taken apart and percent-decoded. Printing it in any way shows no credentials: everything is held
 * privately, and the password is handed out only by calling {@link BrokerUrl.password}.
 *
 * @example
 * ```ts
 * import { parseBrokerUrl } from '@pluribus/core/driver'
 *
 * const url = parseBrokerUrl('redis://app:s3cret@localhost:6379/0?tls=true')
 * console.error(`${url}`) // redis://***@localhost:6379/0?tls=true
 * ```
 *
 * @example
 * ```ts
 * import { type BrokerUrl, parseBrokerUrl } from '@pluribus/core/driver'
 *
 * const url: BrokerUrl = parseBrokerUrl('redis://ada:secret@localhost:6379')
 * console.error(`${url}`) // no secret
 * ```
 */
export class BrokerUrl {
  readonly #parts: BrokerUrlParts
  readonly [BRAND] = true

  /** For `parseBrokerUrl`, which checks what is given here. */
  constructor(parts: BrokerUrlParts) {
    this.#parts = parts
    Object.freeze(this)
  }

  /** In lower case, without the colon. */
  get scheme(): string {
    return this.#parts.scheme
  }

  /** May be a secret too: NATS takes a token here. */
  get username(): string | undefined {
    return this.#parts.username
  }

  /** A method, so that no printer and no copy comes across it. */
  password(): string | undefined {
    return this.#parts.password
  }

  /** At least one for servers, none for `file:` and `memory:`. */
  get hosts(): readonly Host[] {
    return this.#parts.hosts
  }

  /** For servers with its leading slash, or empty; for `file:` the path as given, relative or absolute; for `memory:` a name. */
  get path(): string {
    return this.#parts.path
  }

  /** The query. */
  get options(): ReadonlyMap<string, string> {
    return this.#parts.options
  }

  /** The URL without credentials, and without the values of options that sound secret. */
  toString(): string {
    const { scheme, username, password, hosts, path, options } = this.#parts
    const user = username === undefined && password === undefined ? '' : `${MASK}@`
    const authority = hosts.length === 0 ? '' : `//${user}${hosts.map(writeHost).join(',')}`
    const query = [...options].map(([name, value]) => {
      return `${encodeURIComponent(name)}=${isSecretName(name) ? MASK : encodeURIComponent(value)}`
    })
    return `${scheme}:${authority}${writePath(path)}${query.length === 0 ? '' : '?'}${query.join('&')}`
  }

  toJSON(): string {
    return this.toString()
  }

  [Symbol.for('nodejs.util.inspect.custom')](): string {
    return `BrokerUrl <${this}>`
  }
}

/** Whether a value is a {@link BrokerUrl}, of any copy of this package. */
export const isBrokerUrl = (value: unknown): value is BrokerUrl => hasBrand(value, BRAND)
