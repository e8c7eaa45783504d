import { inspect } from 'node:util'
import { isPluribusError, parseBrokerUrl } from '@pluribus/core/driver'
import { expect, test } from 'vitest'
import { createAdapter, fromUrl, type RedisOptions, redis } from '../src/index.js'
import { optionsOf, resolveOptions } from '../src/options.js'
import { environment, onRedis } from './kit.js'

const CANARY = 'c4n4ry'

test('a URL says where, who, which database, and what else there is', () => {
  const url = 'rediss://app:s%40crt@redis.example.com:6380/7?prefix=shop&durability=disk&deduplicationWindow=10s'
  const { name, prefix, durability, window, endpoint, client } = optionsOf(parseBrokerUrl(url))
  expect([name, prefix, durability, window]).toEqual(['redis', 'shop', 'disk', 10_000])
  expect(endpoint).toBe('rediss://redis.example.com:6380/7')
  const { tls, ...where } = client()
  expect(where).toEqual({ host: 'redis.example.com', port: 6_380, db: 7, username: 'app', password: 's@crt' })
  expect(tls).toEqual({ servername: 'redis.example.com' })
})

test('options come before what the URL says, and defaults last', () => {
  const given = resolveOptions({ url: 'redis://a:b@localhost?prefix=one', username: 'x', password: 'y', prefix: 'two' })
  expect(given.prefix).toBe('two')
  expect(given.client()).toEqual({ host: 'localhost', port: 6_379, db: 0, username: 'x', password: 'y' })
  expect(resolveOptions({}).endpoint).toBe('redis://localhost:6379/0')
  expect(createAdapter).toBe(redis)
  expect(fromUrl(parseBrokerUrl('redis://localhost')).name).toBe('redis')
})

test.each<[string, unknown]>([
  ['a prefix with a brace, which would end the hash tag', { prefix: 'a}b' }],
  ['an empty prefix', { prefix: '' }],
  ['a durability that there is not', { durability: 'replicated' }],
  ['TLS settings without TLS', { tls: { ca: 'x' } }],
  ['a window of a week', { deduplicationWindow: '7d' }],
  ['an empty name', { name: '' }],
  ['an unknown option', { host: 'localhost' }],
  ['an empty password', { password: '' }],
  ['a name of a user that is none', { username: 7 }],
  ['an unknown setting of TLS', { url: 'rediss://localhost', tls: { certificate: 'x' } }],
  ['TLS that is none', { url: 'rediss://localhost', tls: true }],
  ['a certificate that is none', { url: 'rediss://localhost', tls: { ca: ['x', 7] } }],
  ['a decision that is none', { url: 'rediss://localhost', tls: { rejectUnauthorized: 'no' } }],
  ['a URL that is none', { url: 7 }],
])('%s is refused', (_, options) => {
  expect(() => redis(options as RedisOptions)).toThrow(expect.objectContaining({ code: 'INVALID_ARGUMENT' }))
})

test.each([
  'redis://localhost/shop',
  'redis://one,two',
  'redis://localhost?password=x',
  'redis://localhost?durable=yes',
  'redis://localhost?prefix=a%7Db',
  'redis://localhost?durability=replicated',
  'redis://localhost?deduplicationWindow=7d',
  'redis://localhost?deduplicationWindow=soon',
  'nats://localhost',
  'file:./data',
])('%s cannot be meant', url => {
  expect(() => redis({ url })).toThrow(expect.objectContaining({ code: 'INVALID_CONFIGURATION' }))
})

test('TLS is as it is given, for the name of the host unless another is given', () => {
  const url = 'rediss://redis.example.com'
  const tls = { ca: ['one', Buffer.from('two')], rejectUnauthorized: false }
  expect(resolveOptions({ url, tls }).client().tls).toEqual({ servername: 'redis.example.com', ...tls })
  expect(resolveOptions({ url, tls: { servername: 'other' } }).client().tls).toEqual({ servername: 'other' })
})

test('what begins with another scheme is told so', () => {
  expect(() => redis({ url: 'file:./data' })).toThrow('begins with file:')
})

test('nothing that prints an adapter prints its password', () => {
  for (const adapter of [redis({ url: `redis://app:${CANARY}@localhost` }), redis({ password: CANARY })]) {
    expect(inspect(adapter, { depth: 20, showHidden: true })).not.toContain(CANARY)
    expect(JSON.stringify(adapter)).not.toContain(CANARY)
  }
})

onRedis('on a server', server => {
  test('a password that is refused is not repeated', async () => {
    const url = server().url.replace('redis://', `redis://nobody:${CANARY}@`)
    const adapter = redis({ url })
    const error = await adapter.connect(environment(), { lost() {} }).then(
      () => undefined,
      (thrown: unknown) => thrown,
    )
    expect(adapter.classify(error)).toEqual({ code: 'UNAUTHORIZED', retryable: false })
    expect(inspect(error, { depth: 20, showHidden: true })).not.toContain(CANARY)
  })

  test('a server that is not there is unavailable', async () => {
    const adapter = redis({ url: 'redis://127.0.0.1:1' })
    const error = await adapter.connect(environment(), { lost() {} }).catch((thrown: unknown) => thrown)
    expect(adapter.classify(error)).toEqual({ code: 'UNAVAILABLE', retryable: true })
    expect(isPluribusError(error)).toBe(false)
  })
})
