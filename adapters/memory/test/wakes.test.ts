import { describe, expect, test } from 'vitest'
import { bench, LEASE, message, open, settleOne, spec, topicSpec } from './kit.js'

describe('wake-ups', () => {
  async function sleeping(count: number) {
    const setup = await bench()
    await setup.connection.declare([topicSpec()], [spec()])
    const sources = await Promise.all(Array.from({ length: count }, () => open(setup.connection)))
    const wakes = () => sources.map(source => source.told.wakes)
    const publish = (...ids: string[]) => setup.connection.publisher.publish(ids.map(id => message(id, { key: 'k' })))
    return { ...setup, sources, wakes, publish, first: sources[0] as never as (typeof sources)[number] }
  }

  test('a source is woken once until it pulls again', async () => {
    const { first, publish, wakes } = await sleeping(1)
    await publish('a')
    expect(wakes()).toEqual([0])
    await first.drain()
    await publish('b')
    await publish('c')
    expect(wakes()).toEqual([1])
    await first.drain()
    await publish('d')
    expect(wakes()).toEqual([2])
  })

  test('a source that got all it asked for waits for nothing', async () => {
    const { first, publish, wakes } = await sleeping(1)
    await publish('a')
    await first.pull(1)
    await publish('b')
    expect(wakes()).toEqual([0])
  })

  test('as many are woken as want the messages, in turn', async () => {
    const { sources, connection, wakes } = await sleeping(3)
    const publish = (count: number) =>
      connection.publisher.publish(Array.from({ length: count }, (_, index) => message(`m${index}`)))
    for (const source of sources) await source.pull(2)
    await publish(1)
    expect(wakes()).toEqual([1, 0, 0])
    await publish(3)
    expect(wakes()).toEqual([1, 1, 1])
  })

  test('who pulls less than there is hands the wake-up on', async () => {
    const { sources, connection, wakes } = await sleeping(2)
    for (const source of sources) await source.pull(2)
    await connection.publisher.publish([message('a'), message('b')])
    expect(wakes()).toEqual([1, 0])
    await sources[0]?.pull(1)
    expect(wakes()).toEqual([1, 1])
  })

  test('a batch wakes the consumers of every topic in it', async () => {
    const { first, connection, wakes } = await sleeping(1)
    await connection.declare([topicSpec('other')], [spec('billing', { topic: 'other' })])
    const other = await open(connection, spec('billing', { topic: 'other' }))
    await first.pull()
    await other.pull()
    await connection.publisher.publish([message('a'), message('b', { topic: 'other' })])
    expect(wakes()).toEqual([1])
    expect(other.told.wakes).toBe(1)
  })

  test('who stops at a suspect is told that there is more, and another one is woken for it', async () => {
    const { first, sources, connection, clock, connect } = await sleeping(2)
    const other = await open(await connect('b'))
    await connection.publisher.publish([message('a')])
    for (const source of [first, other]) {
      await source.pull()
      clock.pass(LEASE)
    }
    await connection.publisher.publish([message('b')])
    await sources[1]?.pull(0)
    const before = first.told.wakes
    expect(await first.source.pull(9)).toMatchObject({ deliveries: [{ suspect: true }], more: true })
    expect(first.told.wakes).toBe(before)
  })

  test('who wants nothing any more hands the wake-up on, and so does who closes', async () => {
    const { sources, connection, wakes } = await sleeping(3)
    for (const source of sources) await source.pull(2)
    await connection.publisher.publish([message('a')])
    expect(wakes()).toEqual([1, 0, 0])
    await sources[0]?.pull(0)
    expect(wakes()).toEqual([1, 1, 0])
    await sources[1]?.source.close()
    expect(wakes()).toEqual([1, 1, 1])
  })

  test.each(['ack', 'retry', 'release', 'reject'] as const)(
    '%s wakes who waits for the key or the message',
    async how => {
      const { first, sources, publish, wakes } = await sleeping(2)
      await publish('a', 'b')
      const [a] = await first.pull(1)
      expect(await sources[1]?.ids()).toEqual([])
      if (how === 'ack') await first.ack(a as never)
      else await settleOne(first, a as never, how)
      expect(wakes()).toEqual([0, 1])
      expect(await sources[1]?.ids()).toEqual([how === 'ack' || how === 'reject' ? 'b' : 'a'])
    },
  )

  test('a retry that is due before anything else wakes who would sleep longer', async () => {
    const { first, sources, publish, wakes } = await sleeping(2)
    await publish('a')
    const [a] = await first.pull(1)
    expect(await sources[1]?.source.pull(1)).toEqual({ deliveries: [], dueIn: LEASE })
    await settleOne(first, a as never, 'retry', 100)
    expect(wakes()).toEqual([0, 1])
    expect(await sources[1]?.source.pull(1)).toEqual({ deliveries: [], dueIn: 100 })
  })

  test('a lease that another source takes wakes who would sleep beyond its end', async () => {
    const { first, sources, publish, wakes } = await sleeping(2)
    await sources[1]?.pull(1)
    await publish('a')
    expect(wakes()).toEqual([0, 1])
    await sources[1]?.pull(0)
    await sources[1]?.pull(1)
    await publish('b')
    expect(await first.source.pull(1)).toEqual({ deliveries: [], dueIn: LEASE })
  })
})
