import { PluribusError } from '../errors/pluribus-error.js'
import { didYouMean } from '../model/did-you-mean.js'
import { quoteText } from '../model/quote.js'
import { BrokerUrl, type Host } from './redacted-url.js'
import { SCHEMES, type Scheme } from './schemes.js'

export { redact } from './redact.js'
export { BrokerUrl, type BrokerUrlParts, type Host, isBrokerUrl } from './redacted-url.js'

/** The most characters of a URL. */
const LONGEST = 8_192
const MAX_OPTIONS = 64

const CONTROL_OR_SPACE = /[\p{Cc}\s]/u
const CONTROL = /\p{Cc}/u
const SCHEME = /^[A-Za-z][A-Za-z0-9+.-]{0,31}$/
const HOST_NAME = /^[A-Za-z0-9._-]{1,253}$/
const IPV6 = /^\[([0-9A-Fa-f:.]{2,45})\]$/

/**
 * Carries what every message needs. No message quotes any part of the URL but its scheme and the names of its options: a
 * URL that is taken apart wrongly may have its password anywhere.
 */
class Parser {
  readonly #what: string
  #scheme = ''
  #definition: Scheme = { package: '', kind: 'server', example: 'redis://localhost:6379' }

  constructor(what: string) {
    this.#what = what
  }

  fail(problem: string, details: Readonly<Record<string, unknown>> = {}): never {
    const message = `${this.#what} ${problem}. Write e.g. ${this.#definition.example}.`
    throw new PluribusError('INVALID_CONFIGURATION', message, { details: { ...details, argument: this.#what } })
  }

  parse(text: unknown): BrokerUrl {
    const rest = this.#readScheme(this.#checkText(text))
    if (rest.includes('#')) this.fail("contains '#'; percent-encode it as %23")
    const question = rest.indexOf('?')
    const body = question < 0 ? rest : rest.slice(0, question)
    const query = question < 0 ? '' : rest.slice(question + 1)
    return this.#definition.kind === 'path' ? this.#parsePath(body, query) : this.#parseServer(body, query)
  }

  #checkText(text: unknown): string {
    if (typeof text !== 'string' || text === '') return this.fail('is not text, or is empty')
    if (text.length > LONGEST) this.fail(`is longer than ${LONGEST} characters`)
    if (!text.isWellFormed() || CONTROL_OR_SPACE.test(text)) {
      this.fail('contains a blank, a control character or a lone surrogate; percent-encode it (a blank is %20)')
    }
    return text
  }

  /** Answers what follows the scheme and its colon. */
  #readScheme(text: string): string {
    const colon = text.indexOf(':')
    const scheme = text.slice(0, Math.max(0, colon))
    if (!SCHEME.test(scheme)) this.fail(`does not begin with a scheme. Legal are ${[...SCHEMES.keys()].join(', ')}`)
    this.#scheme = scheme.toLowerCase()
    this.#definition = SCHEMES.get(this.#scheme) ?? this.#unknown(text.startsWith('://', colon))
    return text.slice(colon + 1)
  }

  /** Without `//`, what stands before the colon may be anything: `user:password@host` has no scheme. */
  #unknown(isUrl: boolean): never {
    const legal = [...SCHEMES.keys()]
    const named = isUrl ? ` ${quoteText(this.#scheme)}.${didYouMean(this.#scheme, legal)}` : '.'
    return this.fail(`has an unknown scheme${named} Legal are ${legal.join(', ')}; for others pass an adapter object`, {
      legal,
    })
  }

  #parsePath(body: string, query: string): BrokerUrl {
    if (/^\/\/(?!\/(?!\/))|\\\\/.test(body)) {
      this.fail(`names a server, and ${this.#scheme}: has none; relative paths have no slashes before them`)
    }
    const path = this.#decode(body.startsWith('//') ? body.slice(2) : body, 'path')
    if (this.#scheme === 'file' && (path === '' || path === '/')) this.fail('names no folder')
    return new BrokerUrl({ scheme: this.#scheme, hosts: [], path, options: this.#parseOptions(query) })
  }

  #parseServer(body: string, query: string): BrokerUrl {
    if (body.includes('\\')) this.fail("has a '\\'; percent-encode it as %5C")
    if (!body.startsWith('//')) this.fail(`has no '//' after ${this.#scheme}:`)
    const slash = body.indexOf('/', 2)
    const authority = body.slice(2, slash < 0 ? undefined : slash)
    const path = slash < 0 ? '' : body.slice(slash)
    const at = authority.indexOf('@')
    // Before anything else: these are how a password gets into a host, a port, a path or an option.
    if (authority.indexOf('@', at + 1) > at || path.includes('@') || query.includes('@')) {
      this.fail(
        "has an '@' where none may be; in user, password, path and options, percent-encode it as %40, and '/' as %2F",
      )
    }
    return new BrokerUrl({
      scheme: this.#scheme,
      ...(at < 0 ? {} : this.#parseUser(authority.slice(0, at))),
      hosts: Object.freeze(
        authority
          .slice(at + 1)
          .split(',')
          .map((host, index) => this.#parseHost(host, index + 1)),
      ),
      path: this.#decode(path, 'path'),
      options: this.#parseOptions(query),
    })
  }

  #parseUser(text: string): { username: string | undefined; password: string | undefined } {
    const colon = text.indexOf(':')
    const username = this.#decode(colon < 0 ? text : text.slice(0, colon), 'user')
    const password = colon < 0 ? undefined : this.#decode(text.slice(colon + 1), 'password')
    return { username: username === '' ? undefined : username, password }
  }

  #parseHost(text: string, ordinal: number): Host {
    const colon = text.startsWith('[') ? text.indexOf(']') + 1 : text.indexOf(':')
    const name = colon <= 0 || colon === text.length ? text : text.slice(0, colon)
    const port = name === text ? undefined : text.slice(colon)
    if (text === '' || text.startsWith(':')) this.fail(`has no name for host ${ordinal}`)
    const address = IPV6.exec(name)?.[1]
    if (address === undefined ? !HOST_NAME.test(name) : address.split(':').length < 3) {
      this.fail(
        `has an illegal name for host ${ordinal}; IPv6 addresses stand in brackets, other characters in credentials are percent-encoded`,
      )
    }
    const host = address ?? name
    return Object.freeze(port === undefined ? { host } : { host, port: this.#parsePort(port, ordinal) })
  }

  #parsePort(text: string, ordinal: number): number {
    const port = /^:\d{1,5}$/.test(text) ? Number(text.slice(1)) : 0
    if (port >= 1 && port <= 65_535) return port
    return this.fail(`has an illegal port for host ${ordinal}: ports are 1 to 65535, and credentials end with '@'`)
  }

  #parseOptions(query: string): ReadonlyMap<string, string> {
    const options = new Map<string, string>()
    for (const pair of query === '' ? [] : query.split('&')) {
      const equals = pair.indexOf('=')
      if (equals < 1) this.fail('has an option that is not written name=value')
      const name = this.#decode(pair.slice(0, equals), 'options')
      if (options.has(name)) this.fail(`gives the option ${quoteText(name)} twice`)
      if (options.size === MAX_OPTIONS) this.fail(`has more than ${MAX_OPTIONS} options`)
      options.set(name, this.#decode(pair.slice(equals + 1), 'options'))
    }
    return options
  }

  #decode(text: string, part: string): string {
    let decoded: string | undefined
    try {
      decoded = decodeURIComponent(text)
    } catch {
      this.fail(`has a malformed percent-escape in its ${part}; a '%' itself is written %25`)
    }
    if (CONTROL.test(decoded)) this.fail(`has a control character in its ${part}`)
    return decoded
  }
}

/**
 * Takes a broker's URL apart. Servers: `scheme://user:password@host:port,host:port/path?name=value`; `memory:` and
 * `memory:name`; `file:./data`, `file:../data`, `file:/abs`, `file:///abs`. User, password, path and options are
 * percent-decoded, and a `+` is a plus. `what` names the URL in messages.
 *
 * @throws PluribusError `INVALID_CONFIGURATION`, whose text has neither the credentials nor the URL.
 * @example
 * ```ts
 * import { parseBrokerUrl } from '@pluribus/core/driver'
 *
 * const { hosts } = parseBrokerUrl('kafka://one:9092,two:9092')
 * hosts // [{ host: 'one', port: 9092 }, { host: 'two', port: 9092 }]
 * ```
 */
export function parseBrokerUrl(text: string, what = 'The broker URL'): BrokerUrl {
  return new Parser(what).parse(text)
}
