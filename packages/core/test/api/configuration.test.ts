import { createBroker, defineConfig, env, topic } from '@pluribus/core'
import { recordingLogger, unreliable, VirtualClock } from '@pluribus/core/testing'
import { memory } from '@pluribus/memory'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { refused, thrown } from '../publishing/kit.js'

const SECRET = 's3cret-pa55word'
const orders = topic<{ n: number }>('orders.placed')

afterEach(() => void vi.unstubAllEnvs())

async function open(...args: Parameters<typeof createBroker>) {
  await using broker = await createBroker(...args)
  await broker.publish(orders, { n: 1 })
  return { adapter: broker.adapter, endpoint: broker.server.endpoint }
}

describe('the adapter is chosen by configuration', () => {
  it('as an object', async () => {
    expect(await open({ adapter: memory({ name: 'scratch' }) })).toEqual({ adapter: 'scratch', endpoint: 'memory:' })
  })

  it('as a URL, whose package is imported then', async () => {
    expect(await open({ adapter: 'memory:' })).toEqual({ adapter: 'memory', endpoint: 'memory:' })
    expect(await open({ adapter: 'memory:shop' })).toEqual({ adapter: 'memory', endpoint: 'memory:shop' })
  })

  it('as a package, named in code', async () => {
    expect(await open({ adapter: { use: '@pluribus/memory' } })).toMatchObject({ adapter: 'memory' })
    expect(await open({ adapter: { use: '@pluribus/memory', options: { name: 'mine' } } })).toMatchObject({
      adapter: 'mine',
    })
  })

  it('as the variable PLURIBUS_URL, for a bare createBroker()', async () => {
    vi.stubEnv('PLURIBUS_URL', 'memory:bare')
    expect(await open()).toEqual({ adapter: 'memory', endpoint: 'memory:bare' })
    expect(await open({})).toMatchObject({ adapter: 'memory' })
    expect(await open({ source: 'checkout' })).toMatchObject({ adapter: 'memory' })
  })

  it.each([[undefined], ['']])('not at all (PLURIBUS_URL is %j): an error that shows all three ways', async value => {
    vi.stubEnv('PLURIBUS_URL', value)
    const error = await refused(createBroker())
    expect(error.code).toBe('INVALID_CONFIGURATION')
    expect(error.message).toMatch(/createBroker\(\{ adapter: memory/)
    expect(error.message).toMatch(/createBroker\(\{ adapter: 'memory:/)
    expect(error.message).toMatch(/PLURIBUS_URL=/)
  })

  it('as another variable', async () => {
    vi.stubEnv('SHOP_BROKER', 'memory:by-variable')
    expect(await open({ adapter: env('SHOP_BROKER') })).toMatchObject({ endpoint: 'memory:by-variable' })
    expect(await open({ adapter: env('NOT_SET', 'memory:fallback') })).toMatchObject({ endpoint: 'memory:fallback' })
    expect((await refused(createBroker({ adapter: env('NOT_SET') }))).message).toMatch(/NOT_SET is not set/)
  })

  it('as a configuration, passed by itself or as the adapter, its connection chosen by a variable', async () => {
    const config = defineConfig({
      connections: { dev: memory({ name: 'dev' }), prod: env('PROD_URL') },
      use: env('PLURIBUS_CONNECTION', 'dev'),
    })
    expect(await open(config)).toMatchObject({ adapter: 'dev' })
    expect(await open({ adapter: config, source: 'x' })).toMatchObject({ adapter: 'dev' })
    vi.stubEnv('PLURIBUS_CONNECTION', 'prod')
    vi.stubEnv('PROD_URL', 'memory:prod')
    expect(await open(config)).toEqual({ adapter: 'memory', endpoint: 'memory:prod' })
    vi.stubEnv('PLURIBUS_CONNECTION', 'prd')
    const error = await refused(createBroker(config))
    expect(error.code).toBe('INVALID_CONFIGURATION')
    expect(error.message).toMatch(/Did you mean "prod"/)
  })

  it('with an install hint where the package is missing', async () => {
    for (const adapter of ['kafka://localhost', { use: '@acme/not-there' }]) {
      const error = await refused(createBroker({ adapter }))
      expect(error.code).toBe('ADAPTER_MISSING')
      expect(error.message).toMatch(/npm install @(pluribus\/kafka|acme\/not-there)/)
    }
  })

  it('never by code out of a variable', async () => {
    vi.stubEnv('PLURIBUS_URL', '@pluribus/memory')
    expect((await refused(createBroker())).code).toBe('INVALID_CONFIGURATION')
    vi.stubEnv('PLURIBUS_URL', './evil.js')
    expect((await refused(createBroker())).code).toBe('INVALID_CONFIGURATION')
  })
})

describe('options', () => {
  const bad: [string, unknown, string, RegExp][] = [
    ['a URL in their place', `redis://app:${SECRET}@host`, 'INVALID_ARGUMENT', /createBroker\(\{ adapter/],
    ['an adapter in their place', memory(), 'INVALID_ARGUMENT', /createBroker\(\{ adapter/],
    ['null', null, 'INVALID_ARGUMENT', /plain object/],
    ['a list', [], 'INVALID_ARGUMENT', /plain object/],
    ['an unknown one', { adaptor: 'memory:' }, 'INVALID_ARGUMENT', /Did you mean "adapter"/],
    [
      'another unknown one',
      { adapter: 'memory:', conectTimeout: 1 },
      'INVALID_ARGUMENT',
      /Did you mean "connectTimeout"/,
    ],
    ['an adapter that is none', { adapter: 5 }, 'INVALID_CONFIGURATION', /PLURIBUS_URL/],
    [
      'an adapter that lacks something',
      { adapter: { name: 'x', connect() {} } },
      'INVALID_CONFIGURATION',
      /capabilities, classify/,
    ],
    ['a factory that was not called', { adapter: memory }, 'INVALID_CONFIGURATION', /call it/],
    ['a URL without a scheme', { adapter: `app:${SECRET}@host` }, 'INVALID_CONFIGURATION', /scheme/],
    ['a URL with a mistyped scheme', { adapter: `rediss2://app:${SECRET}@host` }, 'INVALID_CONFIGURATION', /scheme/],
    ['a URL with a raw @ in its password', { adapter: `redis://app:${SECRET}@x@host` }, 'INVALID_CONFIGURATION', /URL/],
    ['a URL with a bad port', { adapter: `redis://app:${SECRET}@host:99999` }, 'INVALID_CONFIGURATION', /port/],
    ['a memory URL with an option', { adapter: 'memory:?a=1' }, 'INVALID_CONFIGURATION', /option/],
    ['a package that is a path', { adapter: { use: './evil.js' } }, 'INVALID_CONFIGURATION', /package/],
    ['a package that is built in', { adapter: { use: 'node:fs' } }, 'INVALID_CONFIGURATION', /package/],
    ['a package that is no adapter', { adapter: { use: 'vitest' } }, 'INVALID_CONFIGURATION', /createAdapter/],
    ['an empty source', { adapter: 'memory:', source: '' }, 'INVALID_ARGUMENT', /source/],
    ['a long source', { adapter: 'memory:', source: 'x'.repeat(201) }, 'INVALID_ARGUMENT', /source/],
    ['a source that is no text', { adapter: 'memory:', source: 5 }, 'INVALID_ARGUMENT', /source/],
    ['a connectTimeout of 0', { adapter: 'memory:', connectTimeout: 0 }, 'INVALID_ARGUMENT', /connectTimeout/],
    [
      'a publishTimeout that is NaN',
      { adapter: 'memory:', publishTimeout: Number.NaN },
      'INVALID_ARGUMENT',
      /publishTimeout/,
    ],
    [
      'a publishTimeout without unit',
      { adapter: 'memory:', publishTimeout: '10' },
      'INVALID_ARGUMENT',
      /Did you mean '10ms'/,
    ],
    ['a negative lease', { adapter: 'memory:', lease: -1 }, 'INVALID_ARGUMENT', /lease/],
    ['a tiny lease', { adapter: 'memory:', lease: 5 }, 'INVALID_ARGUMENT', /lease/],
    ['a maxPending of 0', { adapter: 'memory:', maxPending: 0 }, 'INVALID_ARGUMENT', /maxPending/],
    ['a maxPending with a unit', { adapter: 'memory:', maxPending: '16MiB' }, 'INVALID_ARGUMENT', /maxPending/],
    ['a middleware that is a function', { adapter: 'memory:', middleware: () => {} }, 'INVALID_ARGUMENT', /middleware/],
    [
      'a middleware of an unknown side',
      { adapter: 'memory:', middleware: { publsih: [] } },
      'INVALID_ARGUMENT',
      /Did you mean "publish"/,
    ],
    [
      'a middleware that is not in a list',
      { adapter: 'memory:', middleware: { publish: () => {} } },
      'INVALID_ARGUMENT',
      /list of functions/,
    ],
    [
      'a list of something else',
      { adapter: 'memory:', middleware: { handle: [5] } },
      'INVALID_ARGUMENT',
      /list of functions/,
    ],
    [
      'a logger that lacks a level',
      { adapter: 'memory:', logger: { info() {} } },
      'INVALID_ARGUMENT',
      /debug, info, warn, error/,
    ],
    ['a logger that is null', { adapter: 'memory:', logger: null }, 'INVALID_ARGUMENT', /logger/],
    ['an environment that is null', { adapter: 'memory:', environment: null }, 'INVALID_ARGUMENT', /environment/],
    [
      'an environment with something unknown',
      { adapter: 'memory:', environment: { clok: {} } },
      'INVALID_ARGUMENT',
      /Did you mean "clock"/,
    ],
  ]

  it.each(bad)('refuse %s, and show no secret', async (_, options, code, text) => {
    const error = await refused(createBroker(options as never))
    expect(error.code).toBe(code)
    expect(error.message).toMatch(text)
    expect(JSON.stringify(error) + error.stack + String(error)).not.toContain(SECRET)
  })

  it('are checked before anything is connected', async () => {
    const adapter = unreliable(memory())
    await refused(createBroker({ adapter, maxPending: 0 }))
    await refused(createBroker({ adapter, logger: {} as never }))
    expect(adapter.connects).toBe(0)
  })

  it('which are undefined count as left out', async () => {
    const options = {
      adapter: 'memory:',
      source: undefined,
      logger: undefined,
      middleware: undefined,
      lease: undefined,
    }
    expect(await open(options as never)).toMatchObject({ adapter: 'memory' })
  })

  it('defineConfig() refuses what cannot be meant', () => {
    const wrong = [
      undefined,
      {},
      { connections: {} },
      { connections: { a: 'memory:' } },
      { connections: { a: 'memory:' }, use: 'b' },
      { conections: {} },
      { connections: `redis://a:${SECRET}@h` },
    ]
    for (const config of wrong) {
      const error = thrown(() => defineConfig(config as never))
      expect(error.code).toBe('INVALID_CONFIGURATION')
      expect(error.message).not.toContain(SECRET)
    }
    expect(thrown(() => env('NOT A NAME')).code).toBe('INVALID_CONFIGURATION')
  })
})

describe('the logger', () => {
  it('gets nothing while nothing is wrong, and what is given is used', async () => {
    const logger = recordingLogger()
    const clock = new VirtualClock()
    const broker = await clock.run(createBroker({ adapter: memory(), logger, environment: clock.environment() }))
    await clock.run(broker.subscribe(orders.subscription('billing'), () => {}))
    await clock.run(broker.publish(orders, { n: 1 }))
    await clock.run(broker.close())
    expect(logger.lines).toEqual([])
  })
})
