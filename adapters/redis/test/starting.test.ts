import type { Connection, Discipline, OutgoingMessage, Start } from '@pluribus/core/driver'
import fc from 'fast-check'
import { expect, test, vi } from 'vitest'
import { declared, idsOf, message, onRedis, publish, spec, TOPIC, take } from './kit.js'

const ORDERS: readonly Discipline[] = [
  { kind: 'fifo', levels: 1, atLeast: 'exact' },
  { kind: 'lifo', levels: 1, atLeast: 'exact' },
  { kind: 'priority', levels: 3, atLeast: 'exact' },
]

/** A message, or a pause in which what is delayed may come due. */
const step = fc.record({
  priority: fc.nat(2),
  delay: fc.constantFrom(0, 0, 0, 1, 15),
  key: fc.constantFrom(undefined, undefined, 'a', 'b'),
  pause: fc.constantFrom(0, 0, 0, 10),
})

const pause = (ms: number) => new Promise(resolve => setTimeout(resolve, ms))

/** All that a subscription hands out, acked as it comes, so that keys open. */
async function drain(connection: Connection, name: string, discipline: Discipline): Promise<readonly string[]> {
  const silent = { wake() {}, lost() {}, ended() {} }
  const source = await connection.subscriber.open(spec(name, { discipline }), { window: 100, lease: 30_000 }, silent)
  const ids: string[] = []
  for (;;) {
    const { deliveries } = await source.pull(1)
    ids.push(...idsOf(deliveries))
    if (deliveries.length === 0) return ids
    await source.settle({ acks: deliveries.map(({ token }) => token), others: [] })
  }
}

onRedis('a new subscription', server => {
  test.each(ORDERS)('of %o gets what one gets that was there all along', { timeout: 60_000 }, async discipline => {
    const property = fc.asyncProperty(fc.array(step, { maxLength: 25 }), async steps => {
      const early = spec('early', { discipline })
      const connection = await declared(server(), {}, [early])
      for (const [index, { pause: ms, ...changes }] of steps.entries()) {
        await publish(connection, message(`m${index}`, changes))
        if (ms > 0) await pause(ms)
      }
      await connection.declare([], [spec('late', { discipline })])
      const isDue = async () => (await connection.persistence.counts(early)).scheduled === 0
      await vi.waitFor(async () => expect(await isDue()).toBe(true))
      // The same when nothing comes due between the two looks.
      expect(await connection.persistence.counts({ topic: TOPIC, name: 'late' })).toEqual(
        await connection.persistence.counts(early),
      )
      expect(await drain(connection, 'late', discipline)).toEqual(await drain(connection, 'early', discipline))
      await connection.close()
    })
    await fc.assert(property, { numRuns: 25 })
  })

  test('is not told that it waits for what was stored before it, when that is due', async () => {
    const connection = await declared(server())
    await publish(connection, message('before', { delay: 40 }))
    await connection.declare([], [spec('late', { from: 'latest' })])
    await publish(connection, message('after', { delay: 60 }))
    const late = { topic: TOPIC, name: 'late' }
    expect(await connection.persistence.counts(late)).toMatchObject({ waiting: 0, scheduled: 1 })
    await vi.waitFor(async () => expect((await connection.persistence.counts(spec())).waiting).toBe(2))
    expect(await connection.persistence.counts(late)).toMatchObject({ waiting: 1, scheduled: 0 })
    expect(await drain(connection, 'late', ORDERS[0] as Discipline)).toEqual(['after'])
    expect(await connection.persistence.counts(late)).toMatchObject({ waiting: 0, scheduled: 0 })
    await connection.close()
  })

  test('starts at the end, at a time, or at a message, and counts what it will get', async () => {
    const connection = await declared(server())
    const batches: OutgoingMessage[][] = [[], [], []]
    for (const [number, batch] of batches.entries()) {
      for (const letter of ['a', 'b']) batch.push(message(`${number}${letter}`))
      batch.push(message(`${number}-delayed`, { delay: 40 }))
      await publish(connection, ...batch)
      await pause(5)
    }
    await pause(45)
    const stored = await connection.persistence.find?.(TOPIC, '1b')
    expect(stored?.id).toBe('1b')
    const starts: readonly (readonly [Start, readonly string[]])[] = [
      ['latest', []],
      [{ id: '1b' }, ['1b', '2a', '2b', '1-delayed', '2-delayed']],
      [{ time: 0 }, ['0a', '0b', '1a', '1b', '2a', '2b', '0-delayed', '1-delayed', '2-delayed']],
      [{ time: Date.now() + 60_000 }, []],
    ]
    for (const [index, [from, ids]] of starts.entries()) {
      const name = `from-${index}`
      await connection.declare([], [spec(name, { from })])
      expect((await connection.persistence.counts({ topic: TOPIC, name })).waiting).toBe(ids.length)
      const silent = { wake() {}, lost() {}, ended() {} }
      const source = await connection.subscriber.open(spec(name), { window: 100, lease: 30_000 }, silent)
      const deliveries = await take(source)
      expect(idsOf(deliveries)).toEqual(ids)
      expect(await connection.persistence.counts({ topic: TOPIC, name })).toMatchObject({
        waiting: 0,
        leased: ids.length,
      })
    }
    await expect(connection.declare([], [spec('nowhere', { from: { id: 'none' } })])).rejects.toMatchObject({
      code: 'NOT_FOUND',
    })
    await connection.close()
  })
})
