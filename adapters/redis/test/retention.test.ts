import { Redis } from 'ioredis'
import { expect, test, vi } from 'vitest'
import {
  ack,
  connect,
  declared,
  historyOf,
  idsOf,
  message,
  onRedis,
  open,
  publish,
  spec,
  TOPIC,
  take,
  tokensOf,
} from './kit.js'

const FUTURE = 32_503_680_000_000
const numbered = (from: number, to: number) =>
  Array.from({ length: to - from + 1 }, (_, index) => message(`m${from + index}`, { payload: 'x'.repeat(100) }))
const ids = (...numbers: readonly number[]) => numbers.map(number => `m${number}`)

onRedis('retention', server => {
  test('removes what everybody has handled, wherever it stands, and nothing else', async () => {
    const connection = await declared(server(), {}, [spec(), spec('shipping')])
    await publish(connection, ...numbered(1, 6))
    const billing = await open(connection)
    const deliveries = await take(billing)
    await ack(billing, deliveries.slice(0, 5))
    expect(await connection.persistence.trim?.(TOPIC, FUTURE)).toBe(0)
    const shipping = await open(connection, 'shipping')
    const shipped = await take(shipping)
    // The second dies, the third waits for its next attempt, the fourth is leased.
    const error = { name: 'Error', message: 'no', attempt: 1, time: 0 }
    const [, second, third] = tokensOf(shipped)
    await shipping.settle({
      acks: tokensOf(shipped.filter((_, index) => ![1, 2, 3].includes(index))),
      others: [
        { kind: 'reject', token: second as string, reason: 'NO', attempts: 1, errors: [error] },
        { kind: 'retry', token: third as string, delay: 60_000, error },
      ],
    })
    expect(await connection.persistence.trim?.(TOPIC, FUTURE)).toBe(2)
    expect(await historyOf(connection)).toEqual(ids(2, 3, 4, 6))
    await connection.persistence.discard({ subscription: { topic: TOPIC, name: 'shipping' } })
    await ack(shipping, shipped.slice(3, 4))
    expect(await connection.persistence.trim?.(TOPIC, FUTURE)).toBe(2)
    expect(await historyOf(connection)).toEqual(ids(3, 6))
    await connection.close()
  })

  test('keeps what was put back until it is handled, and what is delayed until it has been', async () => {
    const connection = await declared(server())
    await publish(connection, message('m1'), message('m2', { delay: 1_500 }), message('m3'))
    const source = await open(connection)
    const [first, third] = await take(source)
    await source.settle({
      acks: [third?.token as string],
      others: [{ kind: 'reject', token: first?.token as string, reason: 'NO', attempts: 1, errors: [] }],
    })
    await connection.persistence.redrive({ subscription: spec() })
    expect(await connection.persistence.trim?.(TOPIC, FUTURE)).toBe(1)
    expect(await historyOf(connection)).toEqual(['m1', 'm2'])
    const [again] = await take(source)
    expect(again?.message.id).toBe('m1')
    expect(await connection.persistence.trim?.(TOPIC, FUTURE)).toBe(0)
    await ack(source, [again as NonNullable<typeof again>])
    expect(await connection.persistence.trim?.(TOPIC, FUTURE)).toBe(1)
    expect(await historyOf(connection)).toEqual(['m2'])
    await expect.poll(async () => idsOf(await take(source)), { timeout: 5_000 }).toEqual(['m2'])
    await connection.close()
  })

  test('by bytes keeps the newest, and says when it wants to look again', async () => {
    const connection = await declared(server(), {}, [spec()], { bytes: 350 })
    await publish(connection, ...numbered(1, 10))
    const source = await open(connection)
    await ack(source, await take(source))
    expect(await connection.maintain?.()).toBeLessThanOrEqual(5_000)
    expect(await historyOf(connection)).toEqual(ids(8, 9, 10))
    await publish(connection, ...numbered(11, 12))
    await ack(source, await take(source))
    await connection.maintain?.()
    expect(await historyOf(connection)).toEqual(ids(10, 11, 12))
    await connection.close()
  })

  test('by bytes does not wait for housekeeping where much is published', async () => {
    const connection = await declared(server(), {}, [], { bytes: 1_000 })
    await publish(connection, ...numbered(1, 20))
    await vi.waitFor(async () => expect(await historyOf(connection)).toHaveLength(10))
    await connection.close()
  })

  test('by age removes what is older, soon after it is', async () => {
    const connection = await declared(server(), {}, [], { age: 200 })
    await publish(connection, ...numbered(1, 3))
    expect(await connection.maintain?.()).toBe(1_000)
    expect(await historyOf(connection)).toEqual(ids(1, 2, 3))
    await expect.poll(() => connection.maintain?.().then(() => historyOf(connection)), { timeout: 5_000 }).toEqual([])
    await connection.close()
  })

  test('leaves a late subscription what is there, and nothing in the way', async () => {
    const connection = await declared(server(), { prefix: 'tidy' })
    for (let batch = 0; batch < 30; batch++) {
      await publish(connection, ...numbered(batch * 100 + 1, batch * 100 + 100))
    }
    const source = await open(connection)
    const deliveries = await take(source, 3_000)
    const reject = (index: number) =>
      ({ kind: 'reject', token: deliveries[index]?.token as string, reason: 'NO', attempts: 1, errors: [] }) as const
    const kept = new Set([0, 1_500, 2_999])
    await source.settle({
      acks: tokensOf(deliveries.filter((_, index) => !kept.has(index))),
      others: [...kept].map(reject),
    })
    expect(await connection.persistence.trim?.(TOPIC, FUTURE)).toBe(2_997)
    await connection.declare([], [spec('late')])
    expect(await connection.persistence.counts({ topic: TOPIC, name: 'late' })).toMatchObject({ waiting: 3 })
    expect(idsOf(await take(await open(connection, 'late')))).toEqual(ids(1, 1_501, 3_000))
    expect(await historyOf(connection)).toEqual(ids(1, 1_501, 3_000))
    expect((await connection.persistence.find?.(TOPIC, 'm1501'))?.id).toBe('m1501')
    await connection.close()
  })

  test('forgets a session that nobody has seen for days, unless something is leased to it', async () => {
    const connection = await declared(server(), { prefix: 'unseen' })
    await publish(connection, ...numbered(1, 2))
    const source = await open(connection)
    const deliveries = await take(source)
    const sweepAsDaysLater = async () => {
      const redis = new Redis(server().url)
      await redis.hset(`{unseen:${TOPIC}}:sub:billing:sessions`, 's1', 0)
      await redis.quit()
      await connection.persistence.trim?.(TOPIC, 1)
    }
    await sweepAsDaysLater()
    expect((await source.pull(1)).deliveries).toEqual([])
    await ack(source, deliveries)
    await sweepAsDaysLater()
    await expect(source.pull(1)).rejects.toThrow('a later source')
    await connection.close()
  })

  test('leaves no key behind when everything is handled and removed', async () => {
    const connection = await declared(server(), { prefix: 'empty' }, [spec(), spec('last')])
    const keyed = numbered(1, 40).map((each, index) => ({
      ...each,
      key: `k${index % 3}`,
      delay: index % 5 === 0 ? 1 : 0,
    }))
    await publish(connection, ...keyed)
    for (const name of ['billing', 'last']) {
      const source = await open(connection, name)
      let handled = 0
      for (let turn = 0; handled < 40; turn++) {
        const { deliveries } = await source.pull(10)
        const [first, ...others] = deliveries
        if (first === undefined) continue
        const error = { name: 'Error', message: 'no', attempt: 1, time: 0 }
        const retried = turn % 4 === 0 ? [{ kind: 'retry', token: first.token, delay: 0, error } as const] : []
        await source.settle({ acks: tokensOf(retried.length > 0 ? others : deliveries), others: retried })
        handled += deliveries.length - retried.length
      }
      await source.close()
    }
    expect(await connection.persistence.trim?.(TOPIC, FUTURE)).toBe(40)
    await connection.subscriber.remove({ topic: TOPIC, name: 'last' })
    const admin = new Redis(server().url)
    const names = (await admin.keys('*empty*')).sort()
    admin.disconnect()
    expect(names.map(name => name.replace('{empty:orders.placed}', '')).sort()).toEqual([
      ':sub:billing:state',
      ':times',
      ':topic',
      'empty:topics',
    ])
    await connection.close()
  })

  test('is swept by several at once, and by one whose subscriptions have changed meanwhile', async () => {
    const first = await declared(server(), { prefix: 'several' })
    const second = await connect(server(), { prefix: 'several' })
    await publish(first, ...numbered(1, 500))
    const source = await open(first)
    await ack(source, await take(source))
    const removed = await Promise.all([
      first.persistence.trim?.(TOPIC, FUTURE),
      second.persistence.trim?.(TOPIC, FUTURE),
      first.declare([], [spec('another', { from: 'latest' })]),
    ])
    expect(Number(removed[0]) + Number(removed[1])).toBe(500)
    for (const connection of [first, second]) await connection.close()
  })
})
