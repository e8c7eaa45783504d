import type { Start, StoredMessage } from '@pluribus/core/driver'
import { describe, expect, test } from 'vitest'
import { sizeOf } from '../src/codec.js'
import { Deduplication } from '../src/deduplication.js'
import { type Bench, bench, collect, EPOCH, message, open, settleOne, spec, TOPIC, topicSpec } from './kit.js'

const MINUTE = 60_000

const publish = ({ connection }: Bench, ...messages: Parameters<typeof message>[]) =>
  connection.publisher.publish(messages.map(([id, more]) => message(id, more)))

const history = async ({ connection }: Bench, from: Start = 'earliest') =>
  (await collect(connection.persistence.history(TOPIC, { from }))).map((stored: StoredMessage) => stored.id)

const deadOf = async ({ connection }: Bench, query = {}) =>
  (await collect(connection.persistence.deadLetters({ subscription: spec(), ...query }))).map(dead => dead.message.id)

async function ready(retention = {}) {
  const setup = await bench()
  await setup.connection.declare([topicSpec(TOPIC, retention)], [spec()])
  return { ...setup, consumer: await open(setup.connection) }
}

/** Kills the messages with the given ids. */
async function withDead(...ids: string[]) {
  const setup = await ready()
  await publish(setup, ...ids.map(id => [id] as [string]))
  for (const delivery of await setup.consumer.pull()) await settleOne(setup.consumer, delivery, 'reject')
  return setup
}

describe('dead letters', () => {
  test('hold the untouched message, the reason and every error, in the order in which they died', async () => {
    const setup = await ready()
    const published = message('a', { headers: { tenant: 'x' } })
    await setup.connection.publisher.publish([published, message('b')])
    const [a, b] = await setup.consumer.pull()
    await settleOne(setup.consumer, b as never, 'reject')
    await settleOne(setup.consumer, a as never, 'retry')
    const [again] = await setup.consumer.pull()
    await settleOne(setup.consumer, again as never, 'reject')
    const [dead, ...rest] = (
      await collect(setup.connection.persistence.deadLetters({ subscription: spec() }))
    ).reverse()
    expect(rest).toHaveLength(1)
    expect(dead?.message).toBe(published)
    expect(dead).toMatchObject({
      subscription: { topic: TOPIC, name: 'billing' },
      reason: 'EXHAUSTED',
      attempts: 2,
      losses: 0,
      time: setup.clock.now(),
      errors: [{ message: 'run 1' }, { message: 'run 2' }],
    })
  })

  test('redrive puts back into the failed subscription only, at the tail, with everything forgotten', async () => {
    const setup = await withDead('a', 'b')
    await setup.connection.declare([], [spec('mail', { from: 'latest' })])
    const mail = await open(setup.connection, spec('mail'))
    await publish(setup, ['c'])
    const redriven = await setup.connection.persistence.redrive({ subscription: spec(), ids: ['a', 'x'] })
    expect(redriven).toEqual({ redriven: 1, missing: ['x'] })
    expect(await deadOf(setup)).toEqual(['b'])
    expect((await setup.consumer.pull()).map(({ message, attempt }) => [message.id, attempt])).toEqual([
      ['c', 1],
      ['a', 1],
    ])
    expect(await mail.ids()).toEqual(['c'])
  })

  test('a redriven message that dies again has only its new errors', async () => {
    const setup = await ready()
    await publish(setup, ['a'])
    for (const delivery of await setup.consumer.pull()) await settleOne(setup.consumer, delivery, 'retry')
    for (const delivery of await setup.consumer.pull()) await settleOne(setup.consumer, delivery, 'reject')
    await setup.connection.persistence.redrive({ subscription: spec() })
    for (const delivery of await setup.consumer.pull()) await settleOne(setup.consumer, delivery, 'reject')
    const [dead] = await collect(setup.connection.persistence.deadLetters({ subscription: spec() }))
    expect(dead?.errors).toHaveLength(1)
    expect(dead?.attempts).toBe(1)
  })

  test('a redrive wakes who waits', async () => {
    const setup = await withDead('a')
    expect(await setup.consumer.ids()).toEqual([])
    await setup.connection.persistence.redrive({ subscription: spec() })
    expect(setup.consumer.told.wakes).toBe(1)
  })

  test('queries take ids, and the oldest up to a limit', async () => {
    const setup = await withDead('a', 'b', 'c')
    expect(await deadOf(setup, { limit: 2 })).toEqual(['a', 'b'])
    expect(await deadOf(setup, { ids: ['c', 'a'] })).toEqual(['a', 'c'])
    const limited = await setup.connection.persistence.redrive({ subscription: spec(), ids: ['c', 'a'], limit: 1 })
    expect(limited).toEqual({ redriven: 1, missing: [] })
    expect(await deadOf(setup)).toEqual(['b', 'c'])
  })

  test('discard deletes for good, and lets retention have the message', async () => {
    const setup = await withDead('a', 'b')
    const { persistence } = setup.connection
    expect(await persistence.trim?.(TOPIC, setup.clock.now() + 1)).toBe(0)
    expect(await persistence.discard({ subscription: spec(), ids: ['a'] })).toBe(1)
    expect(await persistence.discard({ subscription: spec(), ids: ['a'] })).toBe(0)
    expect(await deadOf(setup)).toEqual(['b'])
    expect(await persistence.trim?.(TOPIC, setup.clock.now() + 1)).toBe(1)
    expect(await history(setup)).toEqual(['b'])
  })
})

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

  test('a delay that has passed counts no more: the order is that of the log', async () => {
    const setup = await ready()
    await publish(setup, ['soon', { delay: 1_000 }], ['now'])
    setup.clock.pass(2_000)
    await setup.connection.declare([], [spec('late')])
    expect(await (await open(setup.connection, spec('late'))).ids()).toEqual(['soon', 'now'])
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

describe('retention', () => {
  test('by age: what is handled goes, what is pending stays wherever it stands', async () => {
    const setup = await ready({ age: MINUTE })
    await publish(setup, ['a'], ['b'], ['c'])
    const [a, , c] = await setup.consumer.pull()
    await setup.consumer.ack(a as never, c as never)
    setup.clock.pass(MINUTE)
    await publish(setup, ['d'])
    await setup.connection.maintain?.()
    expect(await history(setup)).toEqual(['a', 'b', 'c', 'd'])
    setup.clock.pass(1)
    await setup.connection.maintain?.()
    expect(await history(setup)).toEqual(['b', 'd'])
    await settleOne(setup.consumer, (await setup.consumer.pull())[0] as never, 'reject')
    await setup.connection.maintain?.()
    expect(await history(setup)).toEqual(['b', 'd'])
  })

  test('by bytes: the newest that fit are kept', async () => {
    const size = sizeOf(message('a'))
    const setup = await ready({ bytes: 2 * size })
    await publish(setup, ['a'], ['b'], ['c'], ['d'])
    expect(await history(setup)).toEqual(['a', 'b', 'c', 'd'])
    await setup.consumer.drain()
    await setup.connection.maintain?.()
    expect(await history(setup)).toEqual(['c', 'd'])
    await publish(setup, ['e'])
    await setup.consumer.drain()
    await publish(setup, ['f'])
    expect(await history(setup)).toEqual(['e', 'f'])
  })

  test('bytes are payload, header names and header values, as UTF-8', () => {
    expect(sizeOf(message('a', { payload: 'é', headers: { ä: 'xyz' } }))).toBe(2 + 2 + 3)
    expect(sizeOf(message('a', { payload: new Uint8Array(5) }))).toBe(5)
  })

  test('a changed rule counts what is there', async () => {
    const setup = await ready()
    await publish(setup, ['a'], ['b'], ['c'])
    await setup.consumer.drain()
    await setup.connection.declare([topicSpec(TOPIC, { bytes: sizeOf(message('a')) })], [])
    await setup.connection.maintain?.()
    expect(await history(setup)).toEqual(['c'])
  })

  test('thousands of messages come and go, and those behind a dead letter free their memory', async () => {
    const setup = await ready({ age: 0 })
    const chunks = () => setup.store.topics.get(TOPIC)?.log.chunks
    await publish(setup, ['poison'])
    await settleOne(setup.consumer, (await setup.consumer.pull())[0] as never, 'reject')
    const ids = Array.from({ length: 10_000 }, (_, index) => `m${index}`)
    await publish(setup, ...ids.map(id => [id] as [string]))
    setup.clock.pass(1)
    expect(await setup.connection.persistence.trim?.(TOPIC, setup.clock.now())).toBe(0)
    expect(await setup.consumer.drain(9_999)).toEqual(ids.slice(0, 9_999))
    expect(await setup.connection.persistence.trim?.(TOPIC, setup.clock.now())).toBe(9_999)
    expect(await history(setup)).toEqual(['poison', 'm9999'])
    expect(chunks()).toBe(2)
    await publish(setup, ['next'])
    expect(await history(setup, { time: setup.clock.now() })).toEqual(['next'])
    expect(await setup.consumer.drain()).toEqual(['m9999', 'next'])
    expect(await setup.connection.persistence.discard({ subscription: spec() })).toBe(1)
    setup.clock.pass(1)
    await setup.connection.maintain?.()
    expect(await history(setup)).toEqual([])
    await publish(setup, ['last'])
    expect(await history(setup)).toEqual(['last'])
    expect(chunks()).toBe(1)
    await setup.connection.subscriber.remove(spec())
    setup.clock.pass(1)
    await setup.connection.maintain?.()
    await publish(setup, ...ids.map(id => [id] as [string]))
    expect(chunks()).toBe(3)
  })

  test('housekeeping asks to be called when the oldest message is past its age', async () => {
    const setup = await ready({ age: 10_000 })
    expect(await setup.connection.maintain?.()).toBe(60_000)
    await publish(setup, ['a'])
    setup.clock.pass(4_000)
    expect(await setup.connection.maintain?.()).toBe(6_000)
  })

  test('a subscription that is removed keeps nothing', async () => {
    const setup = await ready({ age: 0 })
    await publish(setup, ['ready'], ['leased'], ['dead'], ['retrying'], ['delayed', { delay: 1 }])
    const [, , dead, retrying] = await setup.consumer.pull()
    await settleOne(setup.consumer, dead as never, 'reject')
    await settleOne(setup.consumer, retrying as never, 'retry', 99)
    setup.clock.pass(1)
    await setup.connection.maintain?.()
    expect(await history(setup)).toHaveLength(5)
    await setup.connection.subscriber.remove(spec())
    await setup.connection.maintain?.()
    expect(await history(setup)).toEqual([])
  })
})

describe('retention, in the corners', () => {
  test('bytes are counted on after a trim, and after another rule', async () => {
    const size = sizeOf(message('a'))
    const setup = await ready({ bytes: 1 })
    await setup.connection.declare([topicSpec(TOPIC, { bytes: 4 * size })], [])
    await publish(setup, ['a'], ['b'])
    setup.clock.pass(1)
    const between = setup.clock.now()
    await publish(setup, ['c'], ['d'])
    await setup.consumer.drain()
    await setup.connection.persistence.trim?.(TOPIC, between)
    await publish(setup, ['e'], ['f'])
    await setup.consumer.drain()
    await setup.connection.maintain?.()
    expect(await history(setup)).toEqual(['c', 'd', 'e', 'f'])
    await setup.connection.declare([topicSpec(TOPIC, { bytes: 2 * size })], [])
    await setup.connection.maintain?.()
    await setup.connection.declare([topicSpec(TOPIC, { bytes: 3 * size })], [])
    await publish(setup, ['g'])
    await setup.consumer.drain()
    await setup.connection.maintain?.()
    expect(await history(setup)).toEqual(['e', 'f', 'g'])
  })

  test('what a late subscription was filled with is kept for it', async () => {
    const setup = await ready({ age: 0 })
    await publish(setup, ['a'])
    await setup.consumer.drain()
    await setup.connection.declare([], [spec('late')])
    setup.clock.pass(1)
    await setup.connection.maintain?.()
    expect(await (await open(setup.connection, spec('late'))).drain()).toEqual(['a'])
    await setup.connection.maintain?.()
    expect(await history(setup)).toEqual([])
  })

  test('a wall clock that is set back keeps the times of the log in order', async () => {
    const setup = await ready()
    await publish(setup, ['a'])
    const time = setup.clock.now()
    setup.clock.back = 10 * MINUTE
    await publish(setup, ['b'])
    setup.clock.back = 0
    setup.clock.pass(1)
    await publish(setup, ['c'])
    expect(await history(setup, { time })).toEqual(['a', 'b', 'c'])
    expect(await history(setup, { time: time + 1 })).toEqual(['c'])
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
})
