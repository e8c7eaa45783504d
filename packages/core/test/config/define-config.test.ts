import { inspect } from 'node:util'
import { describe, expect, expectTypeOf, it, test } from 'vitest'
import { isBrokerUrl } from '../../src/config/broker-url.js'
import { defineConfig, env, type PluribusConfig } from '../../src/config/define-config.js'
import type { Adapter } from '../../src/driver/adapter.js'
import { NOT_TEXT, refused, throwingProxy } from '../model/refused.js'

const adapter = {
  name: 'fake',
  capabilities: {},
  connect: () => Promise.reject(new Error('unused')),
  classify: () => ({ code: 'UNKNOWN', retryable: false }),
} as unknown as Adapter
const define = (config: unknown) => defineConfig(config as { connections: { dev: string }; use: 'dev' })

describe('env', () => {
  it('is read when asked, not before', () => {
    const reference = env('PLURIBUS_TEST')
    expect(reference.name).toBe('PLURIBUS_TEST')
    expect(reference.resolve({ PLURIBUS_TEST: 'memory:' })).toBe('memory:')
    expect(reference.resolve({ PLURIBUS_TEST: 'file:x' })).toBe('file:x')
  })

  it('falls back where the variable is unset or empty', () => {
    expect(env('A', 'b').resolve({})).toBe('b')
    expect(env('A', 'b').resolve({ A: '' })).toBe('b')
    expect(env('A', 'b').resolve({ A: 'c' })).toBe('c')
  })

  test.each([[{}], [{ A: '' }], [{ A: undefined }]])('names the variable that is missing: %j', variables => {
    const { message, details } = refused(() => env('A').resolve(variables), 'INVALID_CONFIGURATION')
    expect(message).toContain('variable A is not set')
    expect(details).toEqual({ variable: 'A' })
  })

  test.each([
    ...NOT_TEXT,
    ['empty', ''],
    ['a blank', 'A B'],
    ['=', 'A=B'],
    ['a digit first', '1A'],
    ['long', 'A'.repeat(1_000)],
    ['NUL', 'A\0'],
    ['a URL', 'redis://h'],
  ] as [string, unknown][])('refuses a name: %s', (_, name) => {
    refused(() => env(name as string), 'INVALID_CONFIGURATION')
  })

  test.each([...NOT_TEXT.filter(([name]) => name !== 'undefined'), ['empty', '']] as [string, unknown][])(
    'refuses a fallback: %s',
    (_, fallback) => {
      refused(() => env('A', fallback as string), 'INVALID_CONFIGURATION')
    },
  )

  it('hides the fallback, which may have a password', () => {
    const reference = env('A', 'redis://u:cAnArY@h')
    expect(inspect(reference, { showHidden: true, depth: 9 }) + JSON.stringify(reference)).not.toContain('cAnArY')
  })
})

describe('defineConfig', () => {
  it('keeps every kind of source, frozen', () => {
    const source = { use: '@acme/adapter', options: { region: 'eu' } }
    const config = defineConfig({
      connections: { dev: adapter, url: 'redis://h', env: env('PLURIBUS_URL'), own: source },
      use: env('PLURIBUS_CONNECTION', 'dev'),
    })
    expect(config.connections.dev).toBe(adapter)
    expect(isBrokerUrl(config.connections.url)).toBe(true)
    expect(config.connections.own).toEqual(source)
    expect([config, config.connections, config.connections.own].every(Object.isFrozen)).toBe(true)
  })

  it('does not follow later changes', () => {
    const connections: Record<string, string> = { dev: 'memory:' }
    const config = defineConfig({ connections, use: 'dev' })
    connections.prod = 'memory:'
    expect(Object.keys(config.connections)).toEqual(['dev'])
  })

  it('hides passwords of URLs', () => {
    const config = defineConfig({
      connections: { prod: 'redis://u:cAnArY@h', dev: env('A', 'redis://u:cAnArY@h') },
      use: 'prod',
    })
    expect(inspect(config, { depth: 9, showHidden: true }) + JSON.stringify(config)).not.toContain('cAnArY')
    expect(JSON.stringify(config)).toContain('redis://***@h')
  })

  it('is typed: use is one of the connections', () => {
    const config = defineConfig({ connections: { dev: 'memory:', prod: env('A') }, use: 'prod' })
    expectTypeOf(config).toEqualTypeOf<PluribusConfig<'dev' | 'prod'>>()
    expectTypeOf(config).toExtend<PluribusConfig>()
    // @ts-expect-error: there is no connection of this name
    refused(() => defineConfig({ connections: { dev: 'memory:' }, use: 'test' }), 'INVALID_CONFIGURATION')
  })

  test.each<[string, unknown, string]>([
    ['no connections', { connections: {}, use: 'dev' }, 'no connections'],
    ['connections left out', { use: 'dev' }, 'no connections'],
    ['only undefined connections', { connections: { dev: undefined }, use: 'dev' }, 'no connections'],
    ['an array', { connections: ['memory:'], use: '0' }, 'not a plain object'],
    ['a map', { connections: new Map(), use: 'dev' }, 'not a plain object'],
    ['text', { connections: 'memory:', use: 'dev' }, 'not a plain object'],
    ['no use', { connections: { dev: 'memory:' } }, 'use is undefined'],
    ['a use that is a number', { connections: { dev: 'memory:' }, use: 1 }, 'use is 1'],
    ['a use with a slip', { connections: { staging: 'memory:' }, use: 'stagign' }, 'Did you mean "staging"?'],
    ['an inherited use', { connections: { dev: 'memory:' }, use: 'constructor' }, 'Legal are dev'],
    ['an inherited use, again', { connections: { dev: 'memory:' }, use: '__proto__' }, 'Legal are dev'],
    ['an unknown option', { connections: { dev: 'memory:' }, use: 'dev', user: 1 }, 'there is no option "user"'],
    ['a bad name', { connections: { 'a b': 'memory:' }, use: 'a b' }, 'name of a connection'],
    ['a bad URL', { connections: { dev: 'redis://' }, use: 'dev' }, 'the connection dev'],
    [
      'a bad URL that is not used',
      { connections: { dev: 'memory:', prod: 'rediss:h' }, use: 'dev' },
      'the connection prod',
    ],
    ['a factory', { connections: { dev: () => adapter }, use: 'dev' }, 'Call it'],
    ['null', { connections: { dev: null }, use: 'dev' }, 'dev is null'],
    [
      'half an adapter',
      { connections: { dev: { name: 'x', capabilities: {} } }, use: 'dev' },
      'without connect, classify',
    ],
    ['nothing', undefined, 'connections'],
    ['a proxy that throws', { connections: { dev: throwingProxy() }, use: 'dev' }, 'cannot be read'],
    ['throwing connections', { connections: throwingProxy(), use: 'dev' }, 'could not be read'],
    ['a function', () => ({}), 'not a plain object'],
  ])('refuses %s', (_, config, text) => {
    expect(refused(() => define(config), 'INVALID_CONFIGURATION').message).toContain(text)
  })

  it('does not repeat a URL in a wrong place', () => {
    const config = { connections: { dev: 'memory:' }, use: 'redis://u:cAnArY@h' }
    expect(refused(() => define(config), 'INVALID_CONFIGURATION').message).not.toContain('cAnArY')
  })
})
