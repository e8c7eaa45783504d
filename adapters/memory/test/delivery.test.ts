import type { Discipline } from '@pluribus/core/driver'
import { describe, expect, test } from 'vitest'
import { bench, collect, failure, idsOf, LEASE, message, open, settleOne, spec, topicSpec } from './kit.js'

const priorityOf = (levels: number): Discipline => ({ kind: 'priority', levels, atLeast: 'exact' })
const lifo: Discipline = { kind: 'lifo', levels: 1, atLeast: 'exact' }

async function ready(changes = {}) {
  const setup = await bench()
  await setup.connection.declare([topicSpec()], [spec('billing', changes)])
  const publish = (...messages: Parameters<typeof message>[]) =>
    setup.connection.publisher.publish(messages.map(([id, more]) => message(id, more)))
  return { ...setup, publish, consumer: await open(setup.connection, spec('billing', changes)) }
}

describe('fan-out and competing', () => {
  test('every subscription gets every message; consumers of one share them', async () => {
    const { connection, publish, consumer } = await ready()
    await connection.declare([], [spec('mail')])
    const second = await open(connection)
    const mail = await open(connection, spec('mail'))
    await publish(['a'], ['b'], ['c'])
    expect(await consumer.drain(2)).toEqual(['a', 'b'])
    expect(await second.drain()).toEqual(['c'])
    expect(await mail.drain()).toEqual(['a', 'b', 'c'])
    expect(await consumer.ids()).toEqual([])
  })

  test('a delivery has the very message that was published, and nothing held against it', async () => {
    const { connection, consumer } = await ready()
    const published = message('a', { payload: new Uint8Array([1, 2]), key: 'k', priority: 3 })
    await connection.publisher.publish([published])
    const [delivery] = await consumer.pull()
    expect(delivery?.message).toBe(published)
    expect(delivery).toMatchObject({ attempt: 1, losses: 0, marks: 0, suspect: false })
  })

  test('the happy path reports with shared objects', async () => {
    const { connection, publish, consumer } = await ready()
    expect(publish(['a'])).toBe(connection.publisher.publish([]))
    expect(consumer.source.settle({ acks: [], others: [] })).toBe(consumer.source.settle({ acks: [], others: [] }))
  })
})

describe('disciplines', () => {
  test('lifo hands out the newest of all that waits, at each pull', async () => {
    const { publish, consumer } = await ready({ discipline: lifo })
    await publish(['a'], ['b'], ['c'])
    expect(await consumer.drain(2)).toEqual(['c', 'b'])
    await publish(['d'])
    expect(await consumer.drain(2)).toEqual(['d', 'a'])
  })

  test('priority hands out the largest first, oldest first within it, and what is above the top as the top', async () => {
    const { publish, consumer } = await ready({ discipline: priorityOf(3) })
    await publish(['low'], ['top', { priority: 2 }], ['above', { priority: 200 }], ['middle', { priority: 1 }])
    expect(await consumer.drain()).toEqual(['top', 'above', 'middle', 'low'])
  })

  test('fifo gives a retried message its old place', async () => {
    const { publish, consumer } = await ready()
    await publish(['a'], ['b'], ['c'])
    const [a, b] = await consumer.pull(2)
    await settleOne(consumer, a as never, 'retry')
    await settleOne(consumer, b as never, 'release')
    const again = await consumer.pull()
    expect(again.map(delivery => [delivery.message.id, delivery.attempt])).toEqual([
      ['a', 2],
      ['b', 1],
      ['c', 1],
    ])
  })
})

describe('keys', () => {
  test('a key waits for its retry while others pass', async () => {
    const { clock, publish, consumer } = await ready()
    await publish(['k1', { key: 'k' }], ['k2', { key: 'k' }], ['j1', { key: 'j' }], ['none'])
    const first = await consumer.pull()
    expect(idsOf(first)).toEqual(['k1', 'j1', 'none'])
    await settleOne(consumer, first[0] as never, 'retry', 100)
    expect(await consumer.ids()).toEqual([])
    clock.pass(100)
    const [again] = await consumer.pull()
    expect(again).toMatchObject({ attempt: 2, message: { id: 'k1' } })
    expect(await consumer.ids()).toEqual([])
    await consumer.ack(again as never)
    expect(await consumer.ids()).toEqual(['k2'])
  })

  test('a dead letter lets its key go on', async () => {
    const { publish, consumer } = await ready({ discipline: priorityOf(4) })
    await publish(['k1', { key: 'k' }], ['k2', { key: 'k', priority: 3 }])
    const [first] = await consumer.pull()
    expect(first?.message.id).toBe('k1')
    await settleOne(consumer, first as never, 'reject')
    expect(await consumer.ids()).toEqual(['k2'])
  })
})

describe('delays', () => {
  test('a delayed message comes when it is due, not before, and the pull says when', async () => {
    const { clock, publish, consumer } = await ready()
    await publish(['late', { delay: 1_000 }], ['now'])
    expect(await consumer.source.pull(9)).toMatchObject({ deliveries: [{ message: { id: 'now' } }], dueIn: 1_000 })
    clock.pass(999)
    expect(await consumer.source.pull(9)).toEqual({ deliveries: [], dueIn: 1 })
    clock.pass(1)
    expect(await consumer.ids()).toEqual(['late'])
  })

  test('a delayed message is before what was published after it was due, though nobody pulled in between', async () => {
    const { clock, publish, consumer } = await ready()
    await publish(['held'], ['late', { delay: 1_000 }])
    expect(await consumer.ids(1)).toEqual(['held'])
    clock.pass(999)
    await publish(['before'])
    clock.pass(1)
    await publish(['after'])
    expect(await consumer.ids()).toEqual(['before', 'late', 'after'])
  })

  test('a delayed message is before what was redriven after it was due', async () => {
    const { clock, publish, consumer, connection } = await ready()
    await publish(['late', { delay: 1_000 }], ['dead'])
    const [dead] = await consumer.pull()
    await settleOne(consumer, dead as never, 'reject')
    clock.pass(1_000)
    await connection.persistence.redrive({ subscription: spec() })
    expect(await consumer.ids()).toEqual(['late', 'dead'])
  })

  test('a delayed message takes its turn within its key when it is due', async () => {
    const { clock, publish, consumer } = await ready({ discipline: priorityOf(4) })
    await publish(['late', { key: 'k', delay: 1_000 }])
    clock.pass(1_000)
    await publish(['urgent', { key: 'k', priority: 3 }])
    expect(await consumer.drain()).toEqual(['late'])
    expect(await consumer.drain()).toEqual(['urgent'])
  })

  test('what is sooner due than a sleeping source was told wakes it', async () => {
    const { publish, consumer, clock } = await ready()
    await publish(['late', { delay: 10_000 }])
    await consumer.pull()
    await publish(['later', { delay: 20_000 }])
    expect(consumer.told.wakes).toBe(0)
    await publish(['sooner', { delay: 5_000 }])
    expect(consumer.told.wakes).toBe(1)
    expect((await consumer.source.pull(9)).dueIn).toBe(5_000)
    clock.pass(5_000)
    expect(await consumer.ids()).toEqual(['sooner'])
  })
})

describe('leases', () => {
  test('what is not settled comes back when its lease ends, and the late settle is stale', async () => {
    const { clock, connect, publish, consumer } = await ready()
    const other = await open(await connect('b'))
    await publish(['a'])
    const [lost] = await consumer.pull()
    expect(await other.source.pull(9)).toEqual({ deliveries: [], dueIn: LEASE })
    clock.pass(LEASE - 1)
    expect(await other.ids()).toEqual([])
    clock.pass(1)
    const [taken] = await other.pull()
    expect(taken).toMatchObject({ attempt: 1, losses: 1, marks: 0, suspect: false, message: { id: 'a' } })
    const token = lost?.token as number
    expect(await consumer.ack(lost as never)).toEqual([{ token, kind: 'stale' }])
    expect(await settleOne(consumer, lost as never, 'retry')).toEqual([{ token, kind: 'stale' }])
    expect(await settleOne(consumer, lost as never, 'reject')).toEqual([{ token, kind: 'stale' }])
    expect(await settleOne(consumer, lost as never, 'release')).toEqual([{ token, kind: 'stale' }])
    expect(await consumer.source.renew?.([lost as never])).toEqual([token])
    expect(await other.ack(taken as never)).toEqual([])
    expect(await other.ids()).toEqual([])
  })

  test('a renewal lasts from now', async () => {
    const { clock, connect, publish, consumer } = await ready()
    const other = await open(await connect('b'))
    await publish(['a'])
    const held = await consumer.pull()
    clock.pass(LEASE - 1)
    expect(await consumer.source.renew?.(held)).toEqual([])
    clock.pass(LEASE - 1)
    expect(await other.ids()).toEqual([])
    expect(await consumer.ack(...held)).toEqual([])
  })

  test('a message that comes back to the broker that held it was not lost', async () => {
    const { clock, publish, consumer, connection } = await ready()
    await publish(['a'])
    await consumer.pull()
    clock.pass(LEASE)
    const [again] = await (await open(connection)).pull()
    expect(again).toMatchObject({ attempt: 1, losses: 0 })
  })

  test('each settlement counts once', async () => {
    const { publish, consumer } = await ready()
    await publish(['a'])
    const [a] = await consumer.pull()
    const twice = await consumer.source.settle({ acks: [a?.token as never, a?.token as never], others: [] })
    expect(twice).toEqual([{ token: a?.token, kind: 'stale' }])
  })

  test('close gives back what was pulled, counting nothing', async () => {
    const { publish, consumer, connection, connect } = await ready()
    const other = await open(await connect('b'))
    await publish(['a'], ['b'])
    expect(await consumer.ids()).toEqual(['a', 'b'])
    await consumer.source.close()
    await consumer.source.close()
    expect(await other.pull()).toMatchObject([
      { attempt: 1, losses: 0, message: { id: 'a' } },
      { attempt: 1, losses: 0, message: { id: 'b' } },
    ])
    expect((await connection.persistence.counts(spec())).leased).toBe(2)
  })
})

describe('suspects', () => {
  /** Two brokers that lose what they pull, in turn. */
  async function lossy() {
    const setup = await ready()
    const sources = [setup.consumer, await open(await setup.connect('b'))] as const
    let turn = 0
    const next = () => sources[turn++ % 2] as (typeof sources)[number]
    const lose = async () => {
      const source = next()
      const pulled = await source.source.pull(9)
      setup.clock.pass(LEASE)
      return pulled
    }
    return { ...setup, next, lose }
  }

  test('a message lost twice comes alone, and the answer says that there is more', async () => {
    const { publish, lose } = await lossy()
    await publish(['a'], ['b'])
    expect((await lose()).deliveries).toHaveLength(2)
    expect((await lose()).deliveries).toMatchObject([{ losses: 1 }, { losses: 1 }])
    await publish(['c'])
    expect(await lose()).toMatchObject({
      deliveries: [{ message: { id: 'a' }, losses: 2, suspect: true, marks: 0 }],
      more: true,
    })
  })

  test('only the loss of a marked delivery is held against it', async () => {
    const { publish, lose, next, clock } = await lossy()
    await publish(['a'])
    await lose()
    await lose()
    await lose()
    const source = next()
    const [suspect] = await source.pull()
    expect(suspect).toMatchObject({ losses: 3, marks: 0, suspect: true })
    await source.source.mark(suspect as never)
    clock.pass(LEASE)
    const [again] = await next().pull()
    expect(again).toMatchObject({ losses: 4, marks: 1 })
    await expect(source.source.mark(suspect as never)).rejects.toMatchObject({ code: 'STALE' })
  })

  test('a failed run disproves the suspicion', async () => {
    const { publish, lose, next } = await lossy()
    await publish(['a'])
    await lose()
    await lose()
    const source = next()
    const [suspect] = await source.pull()
    await settleOne(source, suspect as never, 'retry')
    expect(await source.pull()).toMatchObject([{ attempt: 2, losses: 0, suspect: false }])
  })

  test('a dead letter tells failed runs and losses', async () => {
    const { publish, lose, next, connection, clock } = await lossy()
    await publish(['a'])
    const first = next()
    const [a] = await first.pull()
    await settleOne(first, a as never, 'retry')
    await lose()
    await lose()
    const last = next()
    const [suspect] = await last.pull()
    expect(suspect).toMatchObject({ attempt: 2, losses: 2 })
    const crashed = { ...failure(2), code: 'CRASHED' }
    await last.source.settle({
      acks: [],
      others: [{ kind: 'reject', token: suspect?.token as number, reason: 'CRASHED', attempts: 1, errors: [crashed] }],
    })
    expect(await collect(connection.persistence.deadLetters({ subscription: spec() }))).toMatchObject([
      { reason: 'CRASHED', attempts: 1, losses: 2, errors: [{ message: 'run 1' }, crashed], time: clock.now() },
    ])
  })
})
