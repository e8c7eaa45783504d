import { unreliable } from '@pluribus/core/testing'
import { describe, expect, test } from 'vitest'
import { fate, ids, linked, outcome, outgoing } from './link.js'

describe('hold and delay', () => {
  test('held calls are not executed until released, then in order', async () => {
    const { store, adapter, clock, connection } = await linked(unreliable)
    const letGo = adapter.hold('publish')
    const calls = ['a', 'b', 'c'].map(id => connection.publisher.publish([outgoing(id)]))
    expect(await fate(clock, Promise.any(calls))).toBe('pending')
    expect(store.batches).toEqual([])
    letGo()
    expect(store.batches).toEqual([['a'], ['b'], ['c']])
    await Promise.all(calls)
    await connection.publisher.publish([outgoing('d')])
    letGo()
    expect(ids(store)).toEqual(['a', 'b', 'c', 'd'])
  })

  test('held replies: executed, answered when released; other operations pass', async () => {
    const { store, adapter, clock, connection, source } = await linked(unreliable)
    const letGo = adapter.hold('publish', { side: 'reply' })
    const publishing = connection.publisher.publish([outgoing('a')])
    expect(await fate(clock, publishing)).toBe('pending')
    expect(ids(store)).toEqual(['a'])
    expect((await source.pull(1)).deliveries).toHaveLength(1)
    letGo()
    expect(await publishing).toEqual([])
  })

  test('several holds add up', async () => {
    const { adapter, clock, source } = await linked(unreliable)
    const [one, two] = [adapter.hold('pull'), adapter.hold('pull')]
    const pulling = source.pull(1)
    one()
    one()
    expect(await fate(clock, pulling)).toBe('pending')
    two()
    expect(await fate(clock, pulling)).toBe('resolved')
  })

  test('a delay takes virtual time, and a shorter one does not overtake', async () => {
    const { store, adapter, clock, connection } = await linked(unreliable)
    adapter.delay('publish', 100)
    const slow = connection.publisher.publish([outgoing('slow')])
    adapter.delay('publish', 0)
    const quick = connection.publisher.publish([outgoing('quick')])
    await clock.advance(99)
    expect(store.batches).toEqual([])
    await clock.advance(1)
    expect([await fate(clock, slow), await fate(clock, quick)]).toEqual(['resolved', 'resolved'])
    expect(store.batches).toEqual([['slow'], ['quick']])
  })

  test('what was held when the connection was cut is never executed', async () => {
    const { store, adapter, clock, connection } = await linked(unreliable)
    adapter.delay('publish', 100)
    const publishing = outcome(connection.publisher.publish([outgoing('a')]))
    adapter.cut()
    await clock.advance(100)
    expect([await publishing, ids(store)]).toEqual(['rejected', []])
  })

  test('a delivery whose reply is held is not held by core yet', async () => {
    const { adapter, clock, source } = await linked(unreliable, ['a'])
    adapter.delay('pull', 10, { side: 'reply' })
    const pulling = source.pull(1)
    await clock.settle()
    expect(adapter.held).toEqual([])
    await clock.run(pulling)
    expect(adapter.held).toHaveLength(1)
  })
})
