import { readdirSync, readFileSync } from 'node:fs'
import type { Connection, Discipline } from '@pluribus/core/driver'
import { Redis } from 'ioredis'
import { expect, test, vi } from 'vitest'
import { Follower } from './follower.js'
import { ack, connect, historyOf, idsOf, message, onRedis, open, publish, spec, TOPIC, take } from './kit.js'

/** The user that the README tells to make. */
const [RULE = ''] = /ACL SETUSER [^`]+/.exec(read('../README.md')) ?? []
const WORDS = RULE.trim().split(/\s+/)
const GRANTED = WORDS.filter(word => word.startsWith('+')).map(word => word.slice(1))

function read(file: string): string {
  return readFileSync(new URL(file, import.meta.url), 'utf8')
}

/** The commands that the sources name, in scripts or outside. */
function named(folder: string): readonly string[] {
  const files = readdirSync(new URL(folder, import.meta.url)).filter(file => file.endsWith('.ts'))
  return files.flatMap(file => {
    const text = read(`${folder}${file}`)
    const inScripts = [...text.matchAll(/\b(?:call|read|write|look)\('([A-Z]+)'(?:, '([A-Z]+)')?/g)].flatMap(all => [
      ...all.slice(1),
    ])
    const outside = [...text.matchAll(/\bcall\(\s*'([a-z]+)'/g)].map(all => all[1])
    return [...inScripts, ...outside].flatMap(command => (command === undefined ? [] : [command.toLowerCase()]))
  })
}

const LIFO: Discipline = { kind: 'lifo', levels: 1, atLeast: 'exact' }

/** Some of everything that an adapter is asked for. */
async function tour(connection: Connection): Promise<void> {
  const { persistence, publisher, subscriber } = connection
  const retention = { age: 200 }
  await connection.declare(
    [{ name: TOPIC, partitions: 1, retention }],
    [spec(), spec('newest', { discipline: LIFO }), spec('gone')],
  )
  await subscriber.remove(spec('gone'))
  await publish(
    connection,
    message('a', { key: 'k', idSupplied: true }),
    message('b', { key: 'k' }),
    message('c', { delay: 1 }),
    message('d'),
  )
  await publisher.publishSequenced?.({ name: 'lane', epoch: 1 }, 1, [message('e')])
  expect(await publisher.position?.({ name: 'lane', epoch: 1 })).toBe(1)
  await consume(connection)
  const dead = await bury(connection)
  await listen(connection)
  await drain(connection, 'newest')
  await vi.waitFor(async () => expect((await persistence.counts(spec())).waiting).toBe(0))
  expect((await historyOf(connection)).length).toBeGreaterThan(0)
  await connection.declare([], [spec('since', { from: { time: 1 } }), spec('from', { from: { id: 'b' } })])
  expect((await persistence.topics()).map(({ name }) => name)).toEqual([TOPIC])
  await expect(persistence.subscriptions('nobody')).rejects.toMatchObject({ code: 'NOT_FOUND' })
  for (const name of ['since', 'from']) await subscriber.remove(spec(name))
  // What is dead stays, where everything around it has gone.
  await vi.waitFor(async () => {
    await connection.maintain?.()
    expect(await historyOf(connection)).toEqual([dead])
  }, 5_000)
  await expect(persistence.find?.(TOPIC, 'nobody')).resolves.toBeUndefined()
}

async function consume(connection: Connection): Promise<void> {
  const source = await open(connection)
  await vi.waitFor(async () => {
    const held = await take(source)
    for (const delivery of held) {
      await source.mark(delivery)
      expect(await source.renew?.([delivery])).toEqual([])
      const { token, attempt } = delivery
      const error = { name: 'Error', message: 'once', attempt: 1, at: 0 }
      const again = { kind: 'retry', token, delay: 1, error } as never
      await source.settle(attempt === 1 ? { acks: [], others: [again] } : { acks: [token], others: [] })
    }
    expect(await connection.persistence.counts(spec())).toMatchObject({ waiting: 0, leased: 0, retrying: 0 })
  }, 5_000)
  await source.close()
}

/** Answers the id of what is left dead. */
async function bury(connection: Connection): Promise<string | undefined> {
  const { persistence } = connection
  const subscription = { topic: TOPIC, name: 'newest' }
  const source = await open(connection, 'newest')
  const held = await take(source, 3)
  const others = held.map(({ token }) => ({ kind: 'reject', token, reason: 'NO', attempts: 1, errors: [] }) as const)
  await source.settle({ acks: [], others })
  const dead: string[] = []
  for await (const { message } of persistence.deadLetters({ subscription })) dead.push(message.id)
  expect(dead).toEqual(idsOf(held))
  expect(await persistence.redrive({ subscription, ids: dead.slice(2) })).toMatchObject({ redriven: 1 })
  expect(await persistence.discard({ subscription, limit: 1 })).toBe(1)
  await source.close()
  return dead[1]
}

async function drain(connection: Connection, name: string): Promise<void> {
  const source = await open(connection, name)
  for (;;) {
    const held = await take(source)
    if (held.length === 0) break
    await ack(source, held)
  }
  await source.close()
}

/** Handing over, and asking about what was handed over and is held long. */
async function listen(connection: Connection): Promise<void> {
  const follower = await Follower.open(connection)
  await publish(connection, message('f'))
  await vi.waitFor(() => expect(follower.ids).toEqual(['f']))
  await new Promise(resolve => setTimeout(resolve, 600))
  await publish(connection, message('g'))
  await vi.waitFor(() => expect(follower.ids).toEqual(['f', 'g']))
  await ack(follower.source, follower.seen)
  await follower.source.close()
}

test('every command that the sources name is granted', () => {
  const commands = new Set([...named('../src/'), ...named('../src/scripts/')])
  const byParts = new Set(GRANTED.map(command => command.split('|')[0]))
  expect([...commands].filter(command => !byParts.has(command))).toEqual(['cluster'])
})

onRedis('as the user of the README', server => {
  test('everything works, and nothing is granted that is not needed', { timeout: 30_000 }, async () => {
    const admin = new Redis(server().url)
    const asShop = { prefix: 'shop', username: 'shop', password: 'secret' }
    await admin.call('ACL', ...WORDS.slice(1))
    await admin.config('RESETSTAT')
    const connection = await connect(server(), asShop)
    expect(connection.capabilities.durability).toBe('disk')
    await tour(connection)
    await connection.close()
    expect(await admin.call('ACL', 'LOG')).toEqual([])
    const used = [...(await admin.info('commandstats')).matchAll(/^cmdstat_([^:]+):/gm)].map(([, name]) => name)
    expect(GRANTED.filter(command => !used.includes(command))).toEqual([])
    admin.disconnect()
  })

  test('without config|get it says process', async () => {
    const admin = new Redis(server().url)
    await admin.call('ACL', ...WORDS.slice(1), '-config|get')
    const connection = await connect(server(), { prefix: 'shop', username: 'shop', password: 'secret' })
    expect(connection.capabilities.durability).toBe('process')
    await connection.close()
    admin.disconnect()
  })
})
