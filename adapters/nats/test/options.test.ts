import { inspect } from 'node:util'
import { isPluribusError, parseBrokerUrl } from '@pluribus/core/driver'
import { expect, test } from 'vitest'
import { createAdapter, fromUrl, type NatsOptions, nats } from '../src/index.js'
import { optionsOf, resolveOptions } from '../src/options.js'
import { environment, onNats } from './kit.js'

const CANARY = 'c4n4ry'

test('a URL says where, who, under which names, and what else there is', () => {
  const url = 'nats://app:s%40crt@one,[::1]:4333?prefix=shop&ca=/etc/ca.pem&replicas=3&deduplicationWindow=10s'
  const { name, prefix, replicas, window, endpoint, client } = optionsOf(parseBrokerUrl(url))
  expect([name, prefix, replicas, window]).toEqual(['nats', 'shop', 3, 10_000])
  expect(endpoint).toBe('nats://one:4222,[::1]:4333')
  expect(client()).toMatchObject({
    servers: ['one:4222', '[::1]:4333'],
    user: 'app',
    pass: 's@crt',
    tls: { caFile: '/etc/ca.pem' },
    reconnect: false,
    ignoreClusterUpdates: true,
  })
})

test('a name without a password is a token', () => {
  expect(optionsOf(parseBrokerUrl('nats://tok%2Fen@one')).client()).toMatchObject({ token: 'tok/en' })
  expect(resolveOptions({ credentials: { token: 'x' } }).client()).toMatchObject({ token: 'x' })
  expect(resolveOptions({ credentials: { username: 'a', password: 'b' } }).client()).toMatchObject({
    user: 'a',
    pass: 'b',
  })
})

test('defaults', () => {
  const { endpoint, prefix, replicas, window, client } = resolveOptions({})
  expect([endpoint, prefix, replicas, window]).toEqual(['nats://localhost:4222', 'pluribus', 1, 120_000])
  expect(client()).not.toHaveProperty('tls')
  expect(resolveOptions({ servers: 'one', tls: true }).client()).toMatchObject({ servers: ['one:4222'], tls: {} })
  expect(createAdapter).toBe(nats)
  expect(fromUrl(parseBrokerUrl('nats://localhost')).name).toBe('nats')
})

test.each<[string, unknown]>([
  ['a prefix with a dot, which would end a subject token', { prefix: 'a.b' }],
  ['a prefix with a star', { prefix: '*' }],
  ['an empty prefix', { prefix: '' }],
  ['a server with credentials in it', { servers: 'a:b@localhost' }],
  ['no server', { servers: [] }],
  ['six replicas', { replicas: 6 }],
  ['half a replica', { replicas: 1.5 }],
  ['a token beside a name', { credentials: { username: 'a', token: 'b' } }],
  ['an empty password', { credentials: { username: 'a', password: '' } }],
  ['a file that is none', { tls: { ca: 7 } }],
  ['a window of a week', { deduplicationWindow: '7d' }],
  ['a window that is none', { deduplicationWindow: 'soon' }],
  ['an empty name', { name: '' }],
  ['an unknown option', { host: 'localhost' }],
])('%s is refused', (_, options) => {
  expect(() => nats(options as NatsOptions)).toThrow(expect.objectContaining({ code: 'INVALID_ARGUMENT' }))
})

test.each([
  'nats://localhost/shop',
  'nats://localhost?prefix=a.b',
  'nats://localhost?replicas=9',
  'nats://localhost?tls=yes',
  'nats://localhost?tls=false&ca=/etc/ca.pem',
  'nats://localhost?deduplicationWindow=7d',
  'nats://localhost?password=x',
])('%s cannot be meant', url => {
  expect(() => fromUrl(parseBrokerUrl(url))).toThrow(expect.objectContaining({ code: 'INVALID_CONFIGURATION' }))
})

test('nothing that prints an adapter prints its secrets', () => {
  const adapters = [
    fromUrl(parseBrokerUrl(`nats://app:${CANARY}@localhost`)),
    fromUrl(parseBrokerUrl(`nats://${CANARY}@localhost`)),
    nats({ credentials: { token: CANARY } }),
  ]
  for (const adapter of adapters) {
    expect(inspect(adapter, { depth: 20, showHidden: true })).not.toContain(CANARY)
    expect(JSON.stringify(adapter)).not.toContain(CANARY)
  }
})

test('a server that is not there is unavailable, and nothing of the secrets is in the error', async () => {
  const adapter = nats({ servers: '127.0.0.1:1', credentials: { username: 'app', password: CANARY } })
  const error = await adapter.connect(environment(), { lost() {} }).catch((thrown: unknown) => thrown)
  expect(adapter.classify(error)).toEqual({ code: 'UNAVAILABLE', retryable: true })
  expect(isPluribusError(error)).toBe(false)
  expect(inspect(error, { depth: 20, showHidden: true })).not.toContain(CANARY)
})

onNats('on a server without TLS', server => {
  test('TLS that is asked for is not silently left out', async () => {
    const adapter = nats({ servers: `127.0.0.1:${server().port}`, tls: true })
    await expect(adapter.connect(environment(), { lost() {} })).rejects.toThrow('tls')
  })

  test('the server is named with its version, without secrets', async () => {
    const adapter = nats({ servers: `127.0.0.1:${server().port}`, credentials: { token: CANARY } })
    const connection = await adapter.connect(environment(), { lost() {} })
    expect(connection.server).toEqual({
      product: 'nats',
      version: server().version,
      endpoint: `nats://127.0.0.1:${server().port}`,
    })
    await connection.close()
  })
})
