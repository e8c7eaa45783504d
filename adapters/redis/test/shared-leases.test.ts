import type { Delivery, Settlement, Token } from '@pluribus/core/driver'
import { Redis } from 'ioredis'
import { describe, expect, it } from 'vitest'
import { ack, connect, declared, idsOf, message, onRedis, open, publish, spec, TOPIC, take, tokensOf } from './kit.js'

const error = { name: 'Error', message: 'once', attempt: 1, time: 0 }
const numbered = (count: number) => Array.from({ length: count }, (_, n) => message(`m${n}`))
const at = (deliveries: readonly Delivery[], ...indexes: readonly number[]) =>
  indexes.map(i => deliveries[i] as Delivery)
const release = (token: Token): Settlement => ({ kind: 'release', token })

onRedis('what one claim has taken together', server => {
  const filled = async (count: number) => {
    const connection = await declared(server())
    await publish(connection, ...numbered(count))
    const source = await open(connection)
    return { connection, source, deliveries: await take(source) }
  }
  const leased = async ({ connection }: Awaited<ReturnType<typeof filled>>) =>
    (await connection.persistence.counts({ topic: 'orders.placed', name: 'billing' })).leased

  describe('settling', () => {
    it('tells which of a list are stale, whatever their order, and settles the others', async () => {
      const world = await filled(10)
      const { source, deliveries } = world
      await ack(source, at(deliveries, 3, 4, 9))
      const acks = tokensOf(at(deliveries, 2, 3, 4, 5, 8, 7, 5, 9))
      const others = tokensOf(at(deliveries, 0, 8, 0)).map(release)
      const exceptions = await source.settle({ acks, others })
      const stale = [acks[1], acks[2], acks[6], acks[7], others[1]?.token, others[2]?.token]
      expect(new Set(exceptions.map(({ token }) => token))).toEqual(new Set(stale))
      expect(exceptions.length).toBe(6)
      expect(await leased(world)).toBe(2)
      expect(idsOf(await take(source))).toEqual(['m0'])
    })

    it('tells which of acks alone are stale, and settles those before and behind them', async () => {
      const world = await filled(8)
      const { source, deliveries } = world
      await ack(source, at(deliveries, 2))
      const acks = tokensOf(at(deliveries, 5, 2, 0, 5))
      const exceptions = await source.settle({ acks, others: [] })
      expect(exceptions).toEqual([acks[1], acks[3]].map(token => ({ token, kind: 'stale' })))
      expect(await leased(world)).toBe(5)
      await ack(source, at(deliveries, 1, 3, 4, 6, 7))
      expect(await leased(world)).toBe(0)
    })

    it('leaves nothing behind when all of it is settled in whatever order', async () => {
      const world = await filled(6)
      const { source, deliveries } = world
      for (const index of [5, 0, 3, 1, 4]) await ack(source, at(deliveries, index))
      expect(await leased(world)).toBe(1)
      await ack(source, at(deliveries, 2))
      expect(await leased(world)).toBe(0)
    })

    it('takes a retried one out of it, which is handed out under another token', async () => {
      const world = await filled(3)
      const [first, second, third] = world.deliveries as [Delivery, Delivery, Delivery]
      await world.source.settle({ acks: [], others: [{ kind: 'retry', token: second.token, delay: 0, error }] })
      const [again] = await take(world.source)
      expect(again).toMatchObject({ attempt: 2 })
      const exceptions = await world.source.settle({ acks: tokensOf([first, second, third]), others: [] })
      expect(exceptions).toEqual([{ token: second.token, kind: 'stale' }])
      await ack(world.source, [again as Delivery])
      expect(await leased(world)).toBe(0)
    })
  })

  it('is one by one again where only some of it are renewed', async () => {
    const connection = await declared(server())
    await publish(connection, ...numbered(4))
    const source = await open(connection, 'billing', 400)
    const deliveries = await take(source)
    const renewed = at(deliveries, 1, 3)
    // By the server's clock the others' leases end, and nobody else's: asked until they have.
    await expect
      .poll(
        async () => {
          expect(await source.renew?.(renewed)).toEqual([])
          return idsOf(await take(source))
        },
        { timeout: 10_000 },
      )
      .toEqual(['m0', 'm2'])
    expect(await source.renew?.(deliveries)).toEqual(tokensOf(at(deliveries, 0, 2)))
    await ack(source, renewed)
  })

  it('does not reach across what lies far behind it', async () => {
    const connection = await connect(server(), { prefix: 'far' })
    await connection.declare([{ name: TOPIC, partitions: 1, retention: {} }], [spec()])
    const delayed = Array.from({ length: 100 }, (_, n) => message(`late${n}`, { delay: 60_000 }))
    await publish(connection, message('first'), ...delayed, message('last'))
    const source = await open(connection)
    const deliveries = await take(source)
    expect(idsOf(deliveries)).toEqual(['first', 'last'])
    const redis = new Redis(server().url)
    const [stored = ''] = await redis.hvals(`{far:${TOPIC}}:sub:billing:claims`)
    await redis.quit()
    expect(stored.split(':').slice(2)).toEqual(['1', '1'])
    await ack(source, at(deliveries, 1))
    await ack(source, at(deliveries, 0))
    const exceptions = await source.settle({ acks: tokensOf(deliveries), others: [] })
    expect(exceptions.map(({ kind }) => kind)).toEqual(['stale', 'stale'])
  })
})
