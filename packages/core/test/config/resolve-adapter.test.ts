import { inspect } from 'node:util'
import { describe, expect, it, test, vi } from 'vitest'
import { type BrokerUrl, isBrokerUrl, parseBrokerUrl } from '../../src/config/broker-url.js'
import { defineConfig, env } from '../../src/config/define-config.js'
import { resolveAdapter } from '../../src/config/resolve-adapter.js'
import type { Adapter } from '../../src/driver/adapter.js'
import { PluribusError } from '../../src/index.js'
import { rejected, revokedProxy, throwingProxy } from '../model/refused.js'

const adapterNamed = (name: string, given?: unknown) =>
  ({ name, capabilities: {}, connect: () => {}, classify: () => {}, given }) as unknown as Adapter & { given: unknown }

/** Packages of our own making, and a record of what was asked for. */
function packages(installed: Record<string, unknown> = {}) {
  const asked: string[] = []
  const load = async (name: string): Promise<unknown> => {
    asked.push(name)
    const found = Object.hasOwn(installed, name) ? installed[name] : undefined
    if (found instanceof Error) throw found
    if (found === undefined) throw notFound(name, '/app/node_modules/@pluribus/core/dist/index.js')
    return found
  }
  return { asked, load }
}

const notFound = (name: string, from: string) =>
  Object.assign(new Error(`Cannot find package '${name}' imported from ${from}`), { code: 'ERR_MODULE_NOT_FOUND' })
const factory = (name: string) => ({ fromUrl: (url: BrokerUrl) => adapterNamed(name, url) })

describe('adapters', () => {
  it('are taken as they are', async () => {
    const adapter = adapterNamed('x')
    expect(await resolveAdapter(adapter)).toBe(adapter)
  })

  test.each<[string, unknown, string]>([
    ['a factory', () => adapterNamed('x'), 'call it'],
    ['a class', class Redis {}, 'call it'],
    ['nothing in it', {}, 'without name, capabilities, connect, classify'],
    ['half an adapter', { ...adapterNamed('x'), connect: undefined }, 'without connect'],
    ['no name', { ...adapterNamed('x'), name: '' }, 'without name'],
    ['null', null, 'is null'],
    ['a number', 7, 'is 7'],
    ['a promise', Promise.resolve(adapterNamed('x')), 'Promise'],
    ['an array', [adapterNamed('x')], 'an array'],
    ['use that is no text', { use: 7 }, 'without'],
    ['a proxy that throws', throwingProxy(), 'cannot be read'],
    ['a revoked proxy', revokedProxy(), 'cannot be read'],
  ])('refuses %s, and shows all three ways', async (_, source, text) => {
    const { message } = await rejected(resolveAdapter(source), 'INVALID_CONFIGURATION')
    expect(message).toContain(text)
    for (const way of ['adapter: memory()', "'memory:'", 'PLURIBUS_URL=']) expect(message).toContain(way)
  })
})

describe('URLs', () => {
  test.each([
    ['memory:', '@pluribus/memory'],
    ['file:./data', '@pluribus/file'],
    ['redis://h', '@pluribus/redis'],
    ['rediss://h', '@pluribus/redis'],
    ['postgres://h', '@pluribus/postgres'],
    ['postgresql://h', '@pluribus/postgres'],
    ['kafka://h', '@pluribus/kafka'],
    ['nats://h', '@pluribus/nats'],
    ['amqp://h', '@pluribus/rabbitmq'],
    ['AMQPS://h', '@pluribus/rabbitmq'],
  ])('%s is of %s', async (text, name) => {
    const { asked, load } = packages({ [name]: factory(name) })
    const adapter = (await resolveAdapter(text, { import: load })) as Adapter & { given: BrokerUrl }
    expect([adapter.name, asked]).toEqual([name, [name]])
    expect(isBrokerUrl(adapter.given)).toBe(true)
    expect(String(adapter.given)).toBe(String(parseBrokerUrl(text)))
  })

  it('may be parsed already, and the factory asynchronous', async () => {
    const { load } = packages({ '@pluribus/redis': { fromUrl: async () => adapterNamed('later') } })
    expect((await resolveAdapter(parseBrokerUrl('redis://h'), { import: load })).name).toBe('later')
  })

  test.each([
    'mongodb://h',
    '@acme/evil',
    '../evil.js',
    'node:fs',
    'data:text/javascript,1',
    'file://h/x',
    'use:@acme/evil',
    '{"use":"@acme/evil"}',
    '',
  ])('imports nothing for %s', async text => {
    const { asked, load } = packages()
    await rejected(resolveAdapter(text, { import: load, env: {} }), 'INVALID_CONFIGURATION')
    expect(asked).toEqual([])
  })
})

describe('missing and broken packages', () => {
  const resolve = (problem?: unknown) =>
    resolveAdapter('redis://u:cAnArY@h', {
      import: packages(problem === undefined ? {} : { '@pluribus/redis': problem }).load,
    })

  it('tells how to install what is not there', async () => {
    const { message, details } = await rejected(resolve(), 'ADAPTER_MISSING')
    expect(message).toContain('npm install @pluribus/redis')
    expect(details).toEqual({ package: '@pluribus/redis', install: 'npm install @pluribus/redis' })
  })

  test.each([
    "Cannot find module '@pluribus/redis' imported from /app/x.js",
    'Cannot find package "@pluribus/redis" from "/app/x.js"',
    "Cannot find package '@pluribus/redis' imported from '/app/x.js'",
  ])('knows other words for it: %s', async text => {
    expect((await rejected(resolve(new Error(text)), 'ADAPTER_MISSING')).message).toContain('is not installed')
  })

  it('really imports, and finds that it is missing', async () => {
    const { message } = await rejected(resolveAdapter({ use: '@pluribus/does-not-exist' }), 'ADAPTER_MISSING')
    expect(message).toContain('npm install @pluribus/does-not-exist')
  })

  it('tells which client library is missing inside', async () => {
    const cause = notFound('ioredis', '/app/node_modules/@pluribus/redis/dist/index.js')
    const error = await rejected(resolve(cause), 'ADAPTER_MISSING')
    expect(error.message).toContain('is installed, but it needs ioredis')
    expect(error.message).toContain('npm install ioredis')
    expect(error.cause).toBe(cause)
    expect(error.details).toEqual({ package: '@pluribus/redis', install: 'npm install ioredis' })
  })

  test.each([
    new SyntaxError('Unexpected token'),
    new Error("Cannot find module '/app/node_modules/@pluribus/redis/dist/index.js' imported from /app/x.js"),
    new Error("Cannot find package '@pluribus/redis-cluster' imported from /app/x.js; rm -rf"),
  ])('keeps the cause of a package that fails: %s', async cause => {
    const error = await rejected(resolve(cause), 'ADAPTER_MISSING')
    expect(error.message).toContain('is installed, but')
    expect(error.cause).toBe(cause)
  })

  test.each<[string, unknown]>([
    ['no fromUrl', {}],
    ['fromUrl that is no function', { fromUrl: 'redis' }],
    ['only a default', { default: factory('x') }],
    ['something that is no adapter', { fromUrl: () => ({ name: 'x' }) }],
    ['undefined', { fromUrl: () => undefined }],
  ])('refuses a package with %s', async (_, module) => {
    const error = await rejected(resolve(module), 'INVALID_CONFIGURATION')
    expect(error.message).toContain('@pluribus/redis')
    expect(inspect(error, { depth: 9, showHidden: true })).not.toContain('cAnArY')
  })

  it('passes on our own errors, and redacts foreign ones', async () => {
    const own = new PluribusError('INVALID_CONFIGURATION', 'no database 99')
    const throwing = (error: unknown) => ({
      fromUrl: () => {
        throw error
      },
    })
    expect(await rejected(resolve(throwing(own)), 'INVALID_CONFIGURATION')).toBe(own)
    const foreign = await rejected(resolve(throwing(new Error('bad redis://u:cAnArY@h'))), 'INVALID_CONFIGURATION')
    expect(foreign.message).toContain('bad redis://***@h')
    expect(inspect(foreign, { depth: 9, showHidden: true })).not.toContain('cAnArY')
  })
})

describe('variables', () => {
  const { load } = packages({ '@pluribus/memory': factory('memory') })

  it('hold a URL', async () => {
    expect((await resolveAdapter(env('A'), { env: { A: 'memory:' }, import: load })).name).toBe('memory')
    expect((await resolveAdapter(env('A', 'memory:'), { env: {}, import: load })).name).toBe('memory')
  })

  it('are named where they are missing or wrong, and not repeated', async () => {
    expect((await rejected(resolveAdapter(env('A'), { env: {} }), 'INVALID_CONFIGURATION')).message).toContain(
      'variable A',
    )
    const wrong = await rejected(
      resolveAdapter(env('A'), { env: { A: 'redis://u:cAnArY/x@h' } }),
      'INVALID_CONFIGURATION',
    )
    expect(wrong.message).toContain('The URL in A')
    expect(inspect(wrong)).not.toContain('cAnArY')
  })

  test.each(['@acme/evil', '{"use":"@acme/evil"}', './evil.js'])('never name a package: %s', async A => {
    const { asked, load: spy } = packages()
    await rejected(resolveAdapter(env('A'), { env: { A }, import: spy }), 'INVALID_CONFIGURATION')
    expect(asked).toEqual([])
  })

  it('PLURIBUS_URL is the default', async () => {
    expect((await resolveAdapter(undefined, { env: { PLURIBUS_URL: 'memory:' }, import: load })).name).toBe('memory')
    const bad = await rejected(resolveAdapter(undefined, { env: { PLURIBUS_URL: 'x' } }), 'INVALID_CONFIGURATION')
    expect(bad.message).toContain('The URL in PLURIBUS_URL')
  })

  test.each([[{}], [{ PLURIBUS_URL: '' }], [{ PLURIBUS_URL: undefined }]])(
    'without it, all three ways are shown: %j',
    async variables => {
      const { message } = await rejected(resolveAdapter(undefined, { env: variables }), 'INVALID_CONFIGURATION')
      for (const way of ['adapter: memory()', "'memory:'", 'PLURIBUS_URL=']) expect(message).toContain(way)
    },
  )

  it("are the process's own by default", async () => {
    vi.stubEnv('PLURIBUS_URL', 'memory:')
    try {
      expect((await resolveAdapter(undefined, { import: load })).name).toBe('memory')
    } finally {
      vi.unstubAllEnvs()
    }
  })
})

describe('packages named in code', () => {
  const create = { createAdapter: (options: unknown) => adapterNamed('own', options) }

  it('get their options', async () => {
    const { load } = packages({ '@acme/own': create })
    const adapter = (await resolveAdapter({ use: '@acme/own', options: { a: 1 } }, { import: load })) as Adapter & {
      given: unknown
    }
    expect(adapter.given).toEqual({ a: 1 })
    expect(((await resolveAdapter({ use: '@acme/own' }, { import: load })) as typeof adapter).given).toBe(undefined)
  })

  test.each([
    './own.js',
    '../own.js',
    '/abs/own.js',
    'file:///own.js',
    'node:fs',
    'data:text/javascript,1',
    'http://x/y.js',
    '@acme',
    '@acme/',
    'a/b',
    '@a/b/c',
    '',
    ' ',
    'Own',
    '__proto__',
    'x'.repeat(1_000),
    'a\0b',
    '..',
    'C:\\x',
  ])('refuses %j', async use => {
    const { asked, load } = packages()
    await rejected(resolveAdapter({ use }, { import: load }), 'INVALID_CONFIGURATION')
    expect(asked).toEqual([])
  })

  it('refuses unknown members, and a package without createAdapter', async () => {
    const { load } = packages({ own: create, other: { adapter: () => adapterNamed('x') } })
    const slip = await rejected(resolveAdapter({ use: 'own', option: {} }, { import: load }), 'INVALID_CONFIGURATION')
    expect(slip.message).toContain('Did you mean "options"?')
    expect(
      (await rejected(resolveAdapter({ use: 'other' }, { import: load }), 'INVALID_CONFIGURATION')).message,
    ).toContain('createAdapter()')
  })
})

describe('configurations', () => {
  const { load } = packages({
    '@pluribus/memory': factory('memory'),
    own: { createAdapter: () => adapterNamed('own') },
  })
  const dev = adapterNamed('dev')
  const config = defineConfig({
    connections: { dev, memory: 'memory:', prod: env('PROD_URL'), own: { use: 'own' } },
    use: env('PLURIBUS_CONNECTION', 'dev'),
  })
  const resolve = (variables: Record<string, string>) => resolveAdapter(config, { env: variables, import: load })

  it('choose by name, by variable or by fallback', async () => {
    expect(await resolve({})).toBe(dev)
    expect((await resolve({ PLURIBUS_CONNECTION: 'memory' })).name).toBe('memory')
    expect((await resolve({ PLURIBUS_CONNECTION: 'prod', PROD_URL: 'memory:' })).name).toBe('memory')
    expect((await resolve({ PLURIBUS_CONNECTION: 'own' })).name).toBe('own')
    expect(await resolveAdapter(defineConfig({ connections: { dev }, use: 'dev' }))).toBe(dev)
  })

  it('read no variable that they do not use', async () => {
    const variables = new Proxy(
      {},
      { get: (_, name) => (name === 'PLURIBUS_CONNECTION' ? 'dev' : expect.fail(`read ${String(name)}`)) },
    )
    expect(await resolve(variables)).toBe(dev)
  })

  test.each(['prodd', 'constructor', '__proto__', 'redis://u:cAnArY@h', '@acme/evil'])(
    'refuse the name %s out of a variable',
    async name => {
      const error = await rejected(resolve({ PLURIBUS_CONNECTION: name }), 'INVALID_CONFIGURATION')
      expect(error.message).toContain('PLURIBUS_CONNECTION')
      expect(error.message).toContain('Legal are dev, memory, prod, own')
      expect(inspect(error)).not.toContain('cAnArY')
    },
  )

  it('name the variable of the chosen connection', async () => {
    const { message } = await rejected(resolve({ PLURIBUS_CONNECTION: 'prod' }), 'INVALID_CONFIGURATION')
    expect(message).toContain('PROD_URL')
  })

  it('are not believed when they come as data', async () => {
    const data = JSON.parse(JSON.stringify({ connections: { dev: 'memory:' }, use: 'dev' }))
    const load = async () => expect.fail('imported')
    expect((await rejected(resolveAdapter(data, { import: load }), 'INVALID_CONFIGURATION')).message).toContain(
      'defineConfig(',
    )
  })
})
