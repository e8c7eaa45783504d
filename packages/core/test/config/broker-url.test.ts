import { inspect } from 'node:util'
import * as fc from 'fast-check'
import { describe, expect, it, test } from 'vitest'
import { type BrokerUrl, isBrokerUrl, parseBrokerUrl } from '../../src/config/broker-url.js'
import { isPluribusError } from '../../src/index.js'
import { NOT_TEXT, refused } from '../model/refused.js'

const partsOf = (url: BrokerUrl) => ({
  scheme: url.scheme,
  username: url.username,
  password: url.password(),
  hosts: url.hosts,
  path: url.path,
  options: Object.fromEntries(url.options),
})

const local = {
  scheme: 'redis',
  username: undefined,
  password: undefined,
  hosts: [{ host: 'h' }],
  path: '',
  options: {},
}

describe('servers', () => {
  test.each<[string, object]>([
    ['redis://h', {}],
    ['REDIS://h', {}],
    ['redis://h/', { path: '/' }],
    ['redis://h:6379/0', { hosts: [{ host: 'h', port: 6379 }], path: '/0' }],
    ['redis://h:1', { hosts: [{ host: 'h', port: 1 }] }],
    ['redis://h:65535', { hosts: [{ host: 'h', port: 65_535 }] }],
    ['rediss://127.0.0.1', { scheme: 'rediss', hosts: [{ host: '127.0.0.1' }] }],
    ['kafka://a:1,b,c:3', { scheme: 'kafka', hosts: [{ host: 'a', port: 1 }, { host: 'b' }, { host: 'c', port: 3 }] }],
    ['nats://[::1]:4222', { scheme: 'nats', hosts: [{ host: '::1', port: 4_222 }] }],
    [
      'nats://[fe80::1],[::ffff:1.2.3.4]:1',
      { scheme: 'nats', hosts: [{ host: 'fe80::1' }, { host: '::ffff:1.2.3.4', port: 1 }] },
    ],
    ['amqp://my_service-1.internal', { scheme: 'amqp', hosts: [{ host: 'my_service-1.internal' }] }],
    ['amqp://h/%2F', { scheme: 'amqp', path: '//' }],
    ['redis://u@h', { username: 'u' }],
    ['redis://u:p@h', { username: 'u', password: 'p' }],
    ['redis://:p@h', { password: 'p' }],
    ['redis://u:@h', { username: 'u', password: '' }],
    ['redis://u:p:q@h', { username: 'u', password: 'p:q' }],
    ['redis://%40:%3A%2f%25%23%3F@h', { username: '@', password: ':/%#?' }],
    ['redis://u:%E2%82%AC+@h', { username: 'u', password: '€+' }],
    [
      'postgres://h/shop%20two?sslmode=require',
      { scheme: 'postgres', path: '/shop two', options: { sslmode: 'require' } },
    ],
    [
      'postgresql://h?a=1&b=&c=x%3D%26y&d=a+b',
      { scheme: 'postgresql', options: { a: '1', b: '', c: 'x=&y', d: 'a+b' } },
    ],
    [
      'redis://h?__proto__=x&constructor=y',
      {
        options: Object.fromEntries([
          ['__proto__', 'x'],
          ['constructor', 'y'],
        ]),
      },
    ],
    ['redis://h?a=b=c', { options: { a: 'b=c' } }],
    ['redis://h?', {}],
    ['amqps://h', { scheme: 'amqps' }],
  ])('%s', (text, parts) => {
    expect(partsOf(parseBrokerUrl(text))).toEqual({ ...local, ...parts })
  })
})

describe('paths', () => {
  test.each([
    ['file:./data', './data'],
    ['file:data', 'data'],
    ['file:../x', '../x'],
    ['file:/abs', '/abs'],
    ['file:///abs', '/abs'],
    ['FILE:///abs/../b', '/abs/../b'],
    ['file:./a%20b%23%3F', './a b#?'],
    ['file:./node_modules/@scope/données', './node_modules/@scope/données'],
    ['file:C:/data', 'C:/data'],
    ['file:.', '.'],
    ['memory:', ''],
    ['memory:name', 'name'],
    ['memory:a/b', 'a/b'],
  ])('%s', (text, path) => {
    const url = parseBrokerUrl(text)
    expect(url.path).toBe(path)
    expect(url.hosts).toEqual([])
  })

  it('has options too', () => {
    expect(parseBrokerUrl('file:./data?fsync=always').options.get('fsync')).toBe('always')
  })
})

describe('refusals', () => {
  test.each<[string, string, string]>([
    ['nothing', '', 'empty'],
    ['a word', 'redis', 'scheme'],
    ['a host and port', 'localhost:6379', 'unknown scheme'],
    ['a path', './data', 'scheme'],
    ['a colon', ':', 'scheme'],
    ['an unknown scheme (C3)', 'mongodb://h', 'unknown scheme "mongodb"'],
    ['a scheme that names a package (C3)', '@acme/redis://h', 'scheme'],
    ['a scheme that names a path (C3)', '../evil://h', 'scheme'],
    ['a scheme that is inherited (C3)', 'constructor://h', 'unknown scheme'],
    ['http', 'http://h', 'unknown scheme'],
    ['data', 'data:text/javascript,1', 'unknown scheme'],
    ['a slip', 'postgress://h', 'Did you mean "postgres"?'],
    ['no slashes', 'redis:h', "no '//'"],
    ['one slash', 'redis:/h', "no '//'"],
    ['no host', 'redis://', 'host 1'],
    ['no host before the path', 'redis:///0', 'host 1'],
    ['no host after the credentials', 'redis://u:p@', 'host 1'],
    ['no host before the port', 'redis://:6379', 'host 1'],
    ['an empty second host', 'kafka://a,', 'host 2'],
    ['an empty first host', 'kafka://,a', 'host 1'],
    ['a blank host', 'kafka://a,%20', 'host 2'],
    ['port 0', 'redis://h:0', 'port'],
    ['port 65536', 'redis://h:65536', 'port'],
    ['no port', 'redis://h:', 'port'],
    ['a named port', 'redis://h:http', 'port'],
    ['a negative port', 'redis://h:-1', 'port'],
    ['a huge port', `redis://h:${'9'.repeat(5_000)}`, 'port'],
    ['a port with blanks', 'redis://h:%31', 'port'],
    ['two ports', 'redis://h:1:2', 'port'],
    ['bare IPv6', 'redis://::1', 'host 1'],
    ['bare IPv6 in full', 'redis://fe80::1', 'port'],
    ['an open bracket', 'redis://[::1', 'name for host 1'],
    ['brackets around a name', 'redis://[localhost]', 'name for host 1'],
    ['brackets around IPv4', 'redis://[1.2.3.4]', 'name for host 1'],
    ['something behind brackets', 'redis://[::1]x', 'port'],
    ['a zone', 'redis://[fe80::1%25eth0]', 'name for host 1'],
    ['an unencoded @ (C1)', 'redis://u:p@q@h', '%40'],
    ['an unencoded / (C1)', 'redis://u:p/q@h', '%40'],
    ['an unencoded ? (C1)', 'redis://u:p?q@h', '%40'],
    ['an unencoded # (C1)', 'redis://u:p#q@h', '%23'],
    ['a slash after digits (C1)', 'redis://u:12/q@h', '%40'],
    ['an unencoded % (C1)', 'redis://u:100%@h', 'password'],
    ['a malformed escape', 'redis://u:%zz@h', 'password'],
    ['a cut escape', 'redis://u%2:p@h', 'user'],
    ['an escape that is not UTF-8', 'redis://u:%ff@h', 'password'],
    ['an encoded NUL', 'redis://u:%00@h', 'control character'],
    ['an encoded line break in the path', 'redis://h/%0a', 'control character'],
    ['an encoded line break in an option', 'redis://h?a=%0d', 'control character'],
    ['a malformed escape in the path', 'redis://h/%', 'path'],
    ['a malformed escape in an option', 'redis://h?a=%e', 'options'],
    ['a blank', 'redis://h /0', 'blank'],
    ['a trailing line break', 'redis://h\n', 'control character'],
    ['a leading blank', ' redis://h', 'blank'],
    ['a no-break space', 'redis://h/\u00a0', 'blank'],
    ['NUL', 'redis://h\0', 'control character'],
    ['a lone surrogate', 'file:./\ud800', 'surrogate'],
    ['a homograph', 'redis://lоcalhost', 'name for host 1'],
    ['a backslash', 'redis://good\\@evil', '%5C'],
    ['a backslash in the path', 'redis://h/\\x', '%5C'],
    ['an option twice', 'redis://h?a=1&a=1', '"a" twice'],
    ['an option twice, encoded', 'redis://h?a=1&%61=2', '"a" twice'],
    ['an option without value', 'redis://h?tls', 'name=value'],
    ['an option without name', 'redis://h?=1', 'name=value'],
    ['an empty option', 'redis://h?a=1&&b=2', 'name=value'],
    ['too many options', `redis://h?${Array.from({ length: 65 }, (_, i) => `o${i}=1`).join('&')}`, '64 options'],
    ['a long URL', `redis://h/${'x'.repeat(10_000)}`, '8192'],
    ['a fragment', 'file:./a#b', '%23'],
    ['file: alone', 'file:', 'no folder'],
    ['file:// alone', 'file://', 'names a server'],
    ['the root (C2)', 'file:///', 'no folder'],
    ['a file server (C2)', 'file://server/share', 'names a server'],
    ['a relative path after slashes (C2)', 'file://../..', 'names a server'],
    ['a dot after slashes', 'file://./data', 'names a server'],
    ['UNC (C2)', 'file:\\\\server\\share', 'names a server'],
    ['UNC with slashes (C2)', 'file:////server/share', 'names a server'],
    ['memory with slashes', 'memory://name', 'names a server'],
  ])('%s', (_, text, reason) => {
    const { message } = refused(() => parseBrokerUrl(text), 'INVALID_CONFIGURATION')
    expect(message).toMatch(new RegExp(reason.replace(/[/?()[\]%=*+.]/g, '\\$&')))
    expect(message).toMatch(/Write e\.g\. [a-z]+:/)
    if (text.length > 14) expect(message).not.toContain(text)
  })

  test.each(NOT_TEXT)('%s', (_, value) => {
    refused(() => parseBrokerUrl(value as string), 'INVALID_CONFIGURATION')
  })

  it('names what holds the URL', () => {
    expect(refused(() => parseBrokerUrl('x', 'The URL in PLURIBUS_URL'), 'INVALID_CONFIGURATION').message).toMatch(
      /^The URL in PLURIBUS_URL does not/,
    )
  })
})

describe('secrecy (C4)', () => {
  const canary = 'cAnArY-7f3a'
  const url = parseBrokerUrl(
    `nats://user-${canary}:${canary}@h:1/db?tls=true&password=${canary}&authToken=${canary}&x%26y=1`,
  )

  test.each<[string, () => string]>([
    ['String()', () => String(url)],
    ['a template', () => `${url}`],
    ['JSON.stringify', () => JSON.stringify({ url })],
    ['inspect', () => inspect({ url }, { depth: 9, showHidden: true })],
    ['inspect without our say', () => inspect(url, { customInspect: false, showHidden: true, depth: 9 })],
    ['a spread', () => JSON.stringify({ ...url }) + inspect({ ...url })],
    ['its own properties', () => inspect(Object.getOwnPropertyDescriptors(url), { depth: 9 })],
    [
      'for in',
      () => {
        let text = ''
        for (const name in url) text += name + String(url[name as never])
        return text
      },
    ],
    ['structuredClone', () => inspect(structuredClone({ ...url }))],
    ['Object.entries', () => String(Object.entries(url))],
  ])('%s', (_, print) => {
    expect(print()).not.toContain(canary)
  })

  it('shows what helps', () => {
    expect(String(url)).toBe('nats://***@h:1/db?tls=true&password=***&authToken=***&x%26y=1')
    expect(inspect(url)).toBe('BrokerUrl <nats://***@h:1/db?tls=true&password=***&authToken=***&x%26y=1>')
  })

  it('hands the password out on demand', () => {
    expect(url.password()).toBe(canary)
  })

  it('is known across copies, and frozen', () => {
    expect(isBrokerUrl(url)).toBe(true)
    expect([undefined, null, 'redis://h', {}, new URL('redis://h')].map(isBrokerUrl)).toEqual(Array(5).fill(false))
    expect(Object.isFrozen(url)).toBe(true)
    expect(Object.isFrozen(url.hosts)).toBe(true)
  })

  it('never shows a password that was not encoded, wherever it ends up', () => {
    const messy = fc.string({ unit: fc.constantFrom(...'@:/%#?&=,[]\\ ".\n0a'), maxLength: 6 })
    const prefix = fc.constantFrom(
      'redis://',
      'redis://user:',
      'redis://:',
      'redis:',
      'kafka://a,',
      'user:',
      '',
      'file://',
      'file:',
      'memory:',
      'x://',
    )
    fc.assert(
      fc.property(
        prefix,
        messy,
        messy,
        fc.constantFrom('@h', '@h:1/0?a=1', '@', '@[::1'),
        (start, before, after, end) => {
          const text = start + before + canary + after + end
          try {
            const parsed = parseBrokerUrl(text)
            if (parsed.hosts.length > 0) expect(inspect(parsed) + String(parsed)).not.toContain('7f3a')
          } catch (error) {
            if (!isPluribusError(error, 'INVALID_CONFIGURATION')) throw error
            const shown =
              error.message + error.stack + JSON.stringify(error) + inspect(error, { depth: 9, showHidden: true })
            expect(shown).not.toContain('7f3a')
          }
        },
      ),
      { numRuns: 3_000 },
    )
  })
})

describe('properties', () => {
  it('throws nothing but PluribusError', () => {
    const piece = fc.oneof(
      fc.constantFrom(
        'redis:',
        'file:',
        'memory:',
        '//',
        '/',
        '@',
        ':',
        '?',
        '#',
        '&',
        '=',
        '%',
        '%41',
        '%zz',
        '[',
        ']',
        '::1',
        'h',
        '1',
        '99999',
        ',',
        '\\',
      ),
      fc.string({ unit: 'binary', maxLength: 3 }),
    )
    fc.assert(
      fc.property(
        fc.array(piece, { maxLength: 12 }).map(pieces => pieces.join('')),
        text => {
          try {
            parseBrokerUrl(text)
          } catch (error) {
            expect(isPluribusError(error, 'INVALID_CONFIGURATION'), String(error)).toBe(true)
          }
        },
      ),
      { numRuns: 3_000 },
    )
  })

  it('brings back whatever is encoded', () => {
    const text = fc.string({ unit: 'grapheme', maxLength: 12 }).filter(value => !/\p{Cc}/u.test(value))
    const option = fc.tuple(
      text.filter(name => name !== ''),
      text,
    )
    fc.assert(
      fc.property(
        text,
        text,
        text,
        fc.uniqueArray(option, { selector: ([name]) => name, maxLength: 5 }),
        (user, password, path, options) => {
          const e = encodeURIComponent
          const query = options.map(([name, value]) => `${e(name)}=${e(value)}`).join('&')
          const url = parseBrokerUrl(`redis://${e(user)}:${e(password)}@h:1,[::1]:2/${e(path)}?${query}`)
          expect(partsOf(url)).toEqual({
            scheme: 'redis',
            username: user === '' ? undefined : user,
            password,
            hosts: [
              { host: 'h', port: 1 },
              { host: '::1', port: 2 },
            ],
            path: `/${path}`,
            options: Object.fromEntries(options),
          })
          expect([...url.options]).toEqual(options)
        },
      ),
      { numRuns: 500 },
    )
  })

  it('prints a URL without secrets so that it reads the same', () => {
    for (const text of [
      'redis://h:1,[::1]:2/a%20b%3F%23?x=1%26',
      'file:./a%20b%3F%23',
      'memory:',
      'memory:x',
      'file:/abs?x=y',
    ]) {
      expect(partsOf(parseBrokerUrl(String(parseBrokerUrl(text))))).toEqual(partsOf(parseBrokerUrl(text)))
    }
  })
})
