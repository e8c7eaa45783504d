import type { Logger } from '@pluribus/core/driver'
import { Redis } from 'ioredis'
import { expect, test } from 'vitest'
import { redis } from '../src/index.js'
import { connect, environment, onRedis } from './kit.js'

const DURABLE = { appendonly: 'yes', appendfsync: 'always', maxmemory: '0', 'maxmemory-policy': 'noeviction' }

onRedis('durability', server => {
  /** What the adapter says of a server with these settings, and what it warns of. */
  async function found(settings: Partial<typeof DURABLE>) {
    const admin = new Redis(server().url)
    try {
      for (const [name, value] of Object.entries({ ...DURABLE, ...settings })) await admin.config('SET', name, value)
    } finally {
      admin.disconnect()
    }
    const warnings: string[] = []
    const logger: Logger = { debug() {}, info() {}, error() {}, warn: (_, text) => void warnings.push(text) }
    const connection = await connect(server(), {}, { logger })
    await connection.close()
    return { durability: connection.capabilities.durability, warnings }
  }

  test('is disk where the server writes to it before it answers', async () => {
    expect(await found({})).toEqual({ durability: 'disk', warnings: [] })
  })

  test.each([
    ['process', { appendfsync: 'everysec' }, 'appendfsync always'],
    ['process', { appendfsync: 'no' }, 'appendfsync always'],
    ['memory', { appendonly: 'no' }, 'appendonly yes'],
    ['memory', { maxmemory: '100mb', 'maxmemory-policy': 'allkeys-lru' }, 'noeviction'],
  ])('is %s with %o, and says what to change', async (durability, settings, advice) => {
    const { durability: given, warnings } = await found(settings)
    expect(given).toBe(durability)
    expect(warnings).toEqual([expect.stringContaining(advice)])
  })

  test('is not lowered by evicting what has a time to live: nothing has', async () => {
    expect(await found({ maxmemory: '100mb', 'maxmemory-policy': 'volatile-lru' })).toMatchObject({
      durability: 'disk',
    })
  })

  test('that is asked for and not given is refused, with what to change', async () => {
    await found({ appendfsync: 'everysec' })
    await expect(connect(server(), { durability: 'disk' })).rejects.toMatchObject({
      code: 'UNSUPPORTED',
      retryable: false,
      message: expect.stringContaining('CONFIG SET appendfsync always'),
      details: { asked: 'disk', given: 'process' },
    })
    const connection = await connect(server(), { durability: 'process' })
    expect(connection.capabilities.durability).toBe('process')
    await connection.close()
  })

  test('of a server that does not tell its settings is not assumed to be the best', async () => {
    await found({})
    const admin = new Redis(server().url)
    await admin.call('ACL', 'SETUSER', 'guest', 'on', '>guest', '~*', '&*', '+@all', '-config')
    admin.disconnect()
    const connection = await connect(server(), { username: 'guest', password: 'guest' })
    expect(connection.capabilities.durability).toBe('process')
    await connection.close()
  })

  test('is not asked of a replica, which takes no messages: another attempt may find its master', async () => {
    const admin = new Redis(server().url)
    try {
      await admin.call('REPLICAOF', '127.0.0.1', '1')
      await expect(connect(server())).rejects.toMatchObject({ code: 'UNAVAILABLE', retryable: true })
    } finally {
      await admin.call('REPLICAOF', 'NO', 'ONE')
      admin.disconnect()
    }
    await (await connect(server())).close()
  })

  test('is warned of once, however often the connection is replaced', async () => {
    await found({ appendonly: 'no' })
    const warnings: string[] = []
    const logger: Logger = { debug() {}, info() {}, error() {}, warn: (_, text) => void warnings.push(text) }
    const adapter = redis({ url: server().url })
    for (const _ of [1, 2]) await (await adapter.connect(environment('a', logger), { lost() {} })).close()
    expect(warnings).toHaveLength(1)
  })
})
