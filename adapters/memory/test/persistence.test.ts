import type { Start } from '@pluribus/core/driver'
import { describe, expect, test } from 'vitest'
import { Deduplication } from '../src/deduplication.js'
import {
  type Bench,
  EPOCH,
  history,
  MINUTE,
  message,
  open,
  publish,
  ready,
  settleOne,
  spec,
  TOPIC,
  topicSpec,
} from './kit.js'

describe('where a late subscription starts', () => {
  async function published() {
    const setup = await ready()
    for (const id of ['a', 'b', 'c']) {
      await publish(setup, [id])
      setup.clock.pass(MINUTE)
    }
    return { ...setup, begin: setup.clock.now() - 3 * MINUTE }
  }

  const startOf = async (setup: Bench, from: Start) => {
    await setup.connection.declare([], [spec('late', { from })])
    await publish(setup, ['d'])
    return (await open(setup.connection, spec('late'))).ids()
  }

  test('earliest', async () => expect(await startOf(await published(), 'earliest')).toEqual(['a', 'b', 'c', 'd']))
  test('latest', async () => expect(await startOf(await published(), 'latest')).toEqual(['d']))
  test('an id', async () => expect(await startOf(await published(), { id: 'b' })).toEqual(['b', 'c', 'd']))

  test.each([
    [0, ['a', 'b', 'c', 'd']],
    [1, ['b', 'c', 'd']],
    [MINUTE, ['b', 'c', 'd']],
    [MINUTE + 1, ['c', 'd']],
    [9 * MINUTE, ['d']],
  ])('a time, %i ms after the first message', async (offset, expected) => {
    const setup = await published()
    expect(await startOf(setup, { time: setup.begin + offset })).toEqual(expected)
  })

  test('an id that is not there is refused, and nothing is created', async () => {
    const setup = await published()
    const refused = setup.connection.declare([topicSpec('other')], [spec('late', { from: { id: 'x' } })])
    await expect(refused).rejects.toMatchObject({ code: 'NOT_FOUND', message: expect.stringContaining('earliest') })
    expect((await setup.connection.persistence.topics()).map(topic => topic.name)).toEqual([TOPIC])
  })

  test('is decided once', async () => {
    const setup = await published()
    await setup.connection.declare([], [spec('late', { from: 'latest' })])
    expect(await setup.connection.declare([], [spec('late', { from: 'earliest' })])).toEqual([])
    expect(await (await open(setup.connection, spec('late'))).ids()).toEqual([])
    expect(await setup.connection.persistence.subscriptions(TOPIC)).toContainEqual(spec('late', { from: 'latest' }))
  })

  test('a delay that has not passed is kept for it', async () => {
    const setup = await ready()
    await publish(setup, ['soon', { delay: 1_000 }], ['later', { delay: 3_000 }])
    setup.clock.pass(2_000)
    await setup.connection.declare([], [spec('late')])
    const late = await open(setup.connection, spec('late'))
    expect(await late.source.pull(9)).toMatchObject({ deliveries: [{ message: { id: 'soon' } }], dueIn: 1_000 })
  })

  /** What was delayed, between what was published before it was due and after. */
  async function delayed() {
    const setup = await ready()
    await publish(setup, ['first'], ['second', { delay: 2_000 }], ['soon', { delay: 1_000 }], ['now'])
    setup.clock.pass(1_000)
    await publish(setup, ['after soon'], ['third', { delay: 1_500 }])
    return setup
  }

  test('a delay that has passed is as if it had been there all along', async () => {
    const setup = await delayed()
    setup.clock.pass(1_200)
    await publish(setup, ['after second'])
    setup.clock.pass(1_000)
    await publish(setup, ['last'], ['never', { delay: 1_000 }])
    await setup.connection.declare([], [spec('late')])
    const order = ['first', 'now', 'soon', 'after soon', 'second', 'after second', 'third', 'last']
    expect(await setup.consumer.ids()).toEqual(order)
    expect(await (await open(setup.connection, spec('late'))).ids()).toEqual(order)
  })

  test.each([
    ['forward', -600_000, ['second', 'third', 'last']],
    ['back', 600_000, ['last', 'second', 'third']],
  ])('a wall clock that was put %s makes nothing due, and moves only what was due by then', async (_, back, order) => {
    const setup = await delayed()
    setup.clock.pass(500)
    setup.clock.back = back
    await publish(setup, ['never', { delay: 10_000 }])
    setup.clock.back += back
    setup.clock.pass(1_000)
    await publish(setup, ['last'])
    await setup.connection.declare([], [spec('late')])
    const late = await open(setup.connection, spec('late'))
    expect(await late.source.pull(4)).toMatchObject({ deliveries: { length: 4 } })
    expect(await late.source.pull(9)).toMatchObject({
      deliveries: order.map(id => ({ message: { id } })),
      dueIn: 9_000,
    })
  })
})

describe('de-duplication', () => {
  test('an id that a caller supplied is stored once within the window', async () => {
    const setup = await ready()
    const own = { idSupplied: true }
    expect(await publish(setup, ['a', own], ['b', own], ['a', own])).toEqual([{ index: 2, kind: 'duplicate' }])
    setup.clock.pass(5 * MINUTE - 1)
    expect(await publish(setup, ['a', own])).toEqual([{ index: 0, kind: 'duplicate' }])
    await setup.connection.maintain?.()
    expect(await publish(setup, ['a', own])).toEqual([{ index: 0, kind: 'duplicate' }])
    setup.clock.pass(1)
    expect(await publish(setup, ['a', own])).toEqual([])
    expect(await setup.consumer.ids()).toEqual(['a', 'b', 'a'])
  })

  test('a duplicate does not lengthen the window', async () => {
    const setup = await ready()
    await publish(setup, ['a', { idSupplied: true }])
    setup.clock.pass(4 * MINUTE)
    await publish(setup, ['a', { idSupplied: true }])
    setup.clock.pass(MINUTE)
    expect(await publish(setup, ['a', { idSupplied: true }])).toEqual([])
  })

  test('forgets what is too old, and only that', () => {
    const ids = new Deduplication()
    ids.admit('a', 0)
    ids.admit('b', MINUTE)
    expect(ids.admit('a', 5 * MINUTE)).toBe(true)
    ids.purge(6 * MINUTE)
    expect(ids.size).toBe(1)
    expect(ids.admit('a', 6 * MINUTE)).toBe(false)
  })

  test('is per topic, and not for ids that core made', async () => {
    const setup = await ready()
    await setup.connection.declare([topicSpec('other')], [])
    await publish(setup, ['a', { idSupplied: true }])
    expect(await publish(setup, ['a', { idSupplied: true, topic: 'other' }], ['g'], ['g'])).toEqual([])
  })

  test('a message that was not stored leaves no id behind', async () => {
    const setup = await ready()
    const lost = { idSupplied: true, topic: 'other' }
    expect(await publish(setup, ['a', lost])).toMatchObject([{ index: 0, kind: 'failed', outcome: 'definite' }])
    await setup.connection.declare([topicSpec('other')], [])
    expect(await publish(setup, ['a', lost])).toEqual([])
  })
})

describe('history, find and counts', () => {
  test('history begins anywhere, and goes on to the end as it is when the iteration gets there', async () => {
    const setup = await ready()
    await publish(setup, ['a'], ['b'])
    setup.clock.pass(MINUTE)
    await publish(setup, ['c'])
    expect(await history(setup, { id: 'b' })).toEqual(['b', 'c'])
    expect(await history(setup, { time: setup.clock.now() })).toEqual(['c'])
    expect(await history(setup, 'latest')).toEqual([])
    const seen: string[] = []
    for await (const stored of setup.connection.persistence.history(TOPIC, { from: 'earliest' })) {
      if (seen.length === 2) await publish(setup, ['d'])
      seen.push(stored.id)
    }
    expect(seen).toEqual(['a', 'b', 'c', 'd'])
  })

  test('find answers the stored message', async () => {
    const setup = await ready()
    const published = message('a')
    await setup.connection.publisher.publish([published])
    expect(await setup.connection.persistence.find?.(TOPIC, 'a')).toBe(published)
    expect(await setup.connection.persistence.find?.(TOPIC, 'x')).toBeUndefined()
  })

  test('trim deletes what was stored before a time', async () => {
    const setup = await ready()
    await publish(setup, ['a'], ['b'])
    setup.clock.pass(1)
    await publish(setup, ['c'])
    await setup.consumer.drain()
    expect(await setup.connection.persistence.trim?.(TOPIC, EPOCH)).toBe(0)
    expect(await setup.connection.persistence.trim?.(TOPIC, setup.clock.now())).toBe(2)
    expect(await history(setup)).toEqual(['c'])
  })

  test('counts tell every state apart', async () => {
    const setup = await ready()
    await publish(setup, ['a'], ['b'], ['c'], ['d'], ['e', { delay: 9 }])
    const [a, b] = await setup.consumer.pull(3)
    await settleOne(setup.consumer, a as never, 'reject')
    await settleOne(setup.consumer, b as never, 'retry', 99)
    expect(await setup.connection.persistence.counts(spec())).toEqual({
      waiting: 1,
      leased: 1,
      retrying: 1,
      scheduled: 1,
      dead: 1,
    })
  })

  test('what has come due counts as waiting, although nobody has pulled since', async () => {
    const setup = await ready()
    await publish(setup, ['a'], ['b', { delay: 9 }])
    const [a] = await setup.consumer.pull(1)
    await settleOne(setup.consumer, a as never, 'retry', 5)
    const counts = async () => {
      const { waiting, retrying, scheduled } = await setup.connection.persistence.counts(spec())
      return { waiting, retrying, scheduled }
    }
    setup.clock.pass(4)
    expect(await counts()).toEqual({ waiting: 0, retrying: 1, scheduled: 1 })
    setup.clock.pass(1)
    expect(await counts()).toEqual({ waiting: 1, retrying: 0, scheduled: 1 })
    setup.clock.pass(4)
    expect(await counts()).toEqual({ waiting: 2, retrying: 0, scheduled: 0 })
  })
})
