import { describe, expect, test } from 'vitest'
import { sizeOf } from '../src/codec.js'
import { history, MINUTE, message, open, publish, ready, settleOne, spec, TOPIC, topicSpec } from './kit.js'

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

  test('bytes are payload, text by characters, and header names and values as UTF-8', () => {
    expect(sizeOf(message('a', { payload: 'é', headers: { ä: 'xyz' } }))).toBe(1 + 2 + 3)
    expect(sizeOf(message('a', { payload: new Uint8Array(5) }))).toBe(5)
  })

  test('a topic that names no bytes keeps 64 MiB of what is handled, and all that is not', async () => {
    const setup = await ready({ age: 7 * 24 * 60 * MINUTE })
    const payload = new Uint8Array(1_024 * 1_024)
    const publishMany = (from: number) =>
      setup.connection.publisher.publish(
        Array.from({ length: 40 }, (_, index) => message(`m${from + index}`, { payload })),
      )
    await publishMany(0)
    await setup.consumer.drain()
    await publishMany(40)
    await setup.consumer.drain()
    await publishMany(80)
    await setup.connection.maintain?.()
    expect(await history(setup)).toHaveLength(64)
    await publishMany(120)
    await setup.connection.maintain?.()
    expect(await history(setup)).toHaveLength(80)
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

  test('publishing sweeps once in a while, so that what is handled at once does not pile up', async () => {
    const setup = await ready({ age: 0 })
    for (let batch = 0; batch < 100; batch++) {
      await publish(setup, ...Array.from({ length: 100 }, (_, index) => [`m${batch}-${index}`] as [string]))
      await setup.consumer.drain()
      setup.clock.pass(1)
    }
    expect((await history(setup)).length).toBeLessThan(5_000)
  })

  test('housekeeping asks to be called when the next message is past its age, not for what is pending', async () => {
    const setup = await ready({ age: 10_000 })
    expect(await setup.connection.maintain?.()).toBe(60_000)
    await publish(setup, ['a'])
    setup.clock.pass(4_000)
    expect(await setup.connection.maintain?.()).toBe(6_000)
    setup.clock.pass(6_001)
    expect(await setup.connection.maintain?.()).toBe(60_000)
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
