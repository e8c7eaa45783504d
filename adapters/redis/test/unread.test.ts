import type { OutgoingMessage } from '@pluribus/core/driver'
import { Redis } from 'ioredis'
import { expect, it } from 'vitest'
import { encode } from '../src/codec.js'
import { ack, connect, idsOf, message, onRedis, open, publish, spec, TOPIC, take } from './kit.js'
import { entriesOf } from './written.js'

/** More than come with their claim. */
const MANY = 40
const numbered = (prefix: string) => Array.from({ length: MANY }, (_, n) => message(`${prefix}${n}`))
const ids = (messages: readonly OutgoingMessage[]) => messages.map(({ id }) => id)

let prefixes = 0

onRedis('what a claim takes without reading it', server => {
  const world = async () => {
    const prefix = `unread-${++prefixes}`
    const connection = await connect(server(), { prefix })
    await connection.declare([{ name: TOPIC, partitions: 1, retention: {} }], [spec()])
    const source = await open(connection)
    const redis = new Redis(server().url)
    const [topic, log] = [`{${prefix}:${TOPIC}}:topic`, `{${prefix}:${TOPIC}}:log`]
    /** As somebody does who knows nothing but where entries stand. */
    const append = async (given: OutgoingMessage) => {
      const [entry] = entriesOf(encode([given]).entries)
      await redis.hset(log, await redis.hincrby(topic, 'seq', 1), entry as Buffer)
      await redis.hincrby(topic, 'placed', 1)
    }
    return { connection, source, redis, log, append, [Symbol.asyncDispose]: async () => void (await redis.quit()) }
  }

  it('comes whole and in its order, before and behind what has to be looked at', async () => {
    await using it = await world()
    const [before, behind] = [numbered('before'), numbered('behind')]
    const [one, other] = [message('one', { key: 'ada' }), message('other', { key: 'ada' })]
    await publish(it.connection, ...before)
    await publish(it.connection, one, message('late', { delay: 60_000 }), other)
    await publish(it.connection, ...behind)
    const taken = await take(it.source)
    expect(idsOf(taken)).toEqual([...ids(before), 'one', ...ids(behind)])
    await ack(it.source, taken)
    expect(idsOf(await take(it.source))).toEqual(['other'])
  })

  it('is not more than was asked for', async () => {
    await using it = await world()
    const given = numbered('m')
    await publish(it.connection, ...given)
    const first = await it.source.pull(MANY - 10)
    expect([idsOf(first.deliveries), first.more]).toEqual([ids(given.slice(0, MANY - 10)), undefined])
    const rest = await it.source.pull(MANY)
    expect(idsOf(rest.deliveries)).toEqual(ids(given.slice(MANY - 10)))
    expect(rest.dueIn).toBeGreaterThan(0)
  })

  it('is nothing that somebody else has stored, before or behind it', async () => {
    await using it = await world()
    const [before, behind] = [numbered('before'), numbered('behind')]
    await publish(it.connection, ...before)
    await it.append(message('one', { key: 'ada' }))
    await it.append(message('other', { key: 'ada' }))
    expect(idsOf(await take(it.source))).toEqual([...ids(before), 'one'])
    await it.append(message('last', { key: 'ada' }))
    await publish(it.connection, ...behind)
    expect(idsOf(await take(it.source))).toEqual(ids(behind))
  })

  it('comes without what somebody has deleted', async () => {
    await using it = await world()
    const given = numbered('m')
    await publish(it.connection, ...given)
    await it.redis.hdel(it.log, '7')
    const taken = await take(it.source)
    expect(idsOf(taken)).toEqual(ids(given).filter(id => id !== 'm6'))
    await ack(it.source, taken)
  })
})
