import type { Delivery } from '@pluribus/core/driver'
import { unreliable } from '@pluribus/core/testing'
import { describe, expect, test } from 'vitest'
import { FakeAdapter } from './fake-adapter.js'
import { acks, LEASE, Link, linked, thrownBy, tokens } from './link.js'

describe('takeLeases', () => {
  test('core is told, the message becomes available, and what core does with the old token changes nothing', async () => {
    const { store, adapter, clock, source, link } = await linked(unreliable, ['a', 'b'])
    const { deliveries } = await source.pull(2)
    const [a, b] = deliveries as [Delivery, Delivery]
    expect(adapter.takeLeases(({ message }) => message.id === 'a')).toBe(1)
    expect([link.told[0], link.lostTokens]).toEqual(['lost tokens', [a.token]])
    expect(store.states()).toEqual({ a: 'ready', b: 'leased' })
    const again = (await source.pull(1)).deliveries
    expect(again).toMatchObject([{ message: { id: 'a' }, losses: 0 }])
    expect(await source.settle({ acks: [a.token, b.token], others: [] })).toEqual([{ token: a.token, kind: 'stale' }])
    expect(store.states()).toEqual({ a: 'leased', b: 'done' })
    await clock.advance(LEASE / 2)
    expect(await source.renew?.([a, ...again])).toEqual([a.token])
    expect(store.records[0]?.leaseEnds).toBe(LEASE * 1.5)
    expect(await source.renew?.([a])).toEqual([a.token])
    expect(adapter.classify(await thrownBy(source.mark(a)))).toEqual({ code: 'STALE', retryable: false })
    expect(await source.settle(acks(again))).toEqual([])
    expect(store.states()).toEqual({ a: 'done', b: 'done' })
  })

  test('core hears of the loss before it can be woken for it', async () => {
    const { adapter, source, link } = await linked(unreliable, ['a'])
    await source.pull(1)
    link.told.length = 0
    adapter.takeLeases()
    expect(link.told).toEqual(['lost tokens', 'wake'])
  })

  test('another process gets what was taken', async () => {
    const { store, adapter, clock, source } = await linked(unreliable, ['a'])
    await source.pull(1)
    const link = new Link(clock, 'two')
    const other = await link.open(await link.connect(unreliable(new FakeAdapter(store))))
    adapter.takeLeases()
    expect(link.told).toEqual(['wake'])
    expect((await other.pull(1)).deliveries).toHaveLength(1)
  })

  test('a settle that has been held is stale, one that is under way inside counts', async () => {
    const { store, adapter, source } = await linked(unreliable, ['a', 'b'])
    const [a, b] = (await source.pull(2)).deliveries as [Delivery, Delivery]
    const underWay = source.settle(acks([b]))
    const letGo = adapter.hold('settle')
    const held = source.settle(acks([a]))
    expect(adapter.takeLeases()).toBe(1)
    letGo()
    expect(await held).toEqual([{ token: a.token, kind: 'stale' }])
    expect(await underWay).toEqual([])
    expect(store.states()).toEqual({ a: 'ready', b: 'done' })
  })

  test('nothing held, nothing told', async () => {
    const { adapter, source, link } = await linked(unreliable, ['a'])
    expect(adapter.takeLeases()).toBe(0)
    const { deliveries } = await source.pull(1)
    expect(adapter.takeLeases(() => false)).toBe(0)
    await source.settle(acks(deliveries))
    expect(adapter.takeLeases()).toBe(0)
    expect(link.told).toEqual([])
  })

  test('what the inner source loses by itself is passed on and no longer held', async () => {
    const { adapter, inner, source, link } = await linked(unreliable, ['a'])
    const { deliveries } = await source.pull(1)
    inner.connections[0]?.sourceEvents[0]?.lost(tokens(deliveries))
    expect([link.lostTokens, adapter.held]).toEqual([tokens(deliveries), []])
  })

  test('settling what was taken does not reach the store', async () => {
    const { store, adapter, source } = await linked(unreliable, ['a'])
    const { deliveries } = await source.pull(1)
    adapter.takeLeases()
    const inside = store.log.length
    expect(await source.settle(acks(deliveries))).toHaveLength(1)
    expect(store.log).toHaveLength(inside)
  })

  test('a settle that the store failed leaves the delivery held: it can be taken', async () => {
    const { store, adapter, source } = await linked(unreliable, ['a'])
    const { deliveries } = await source.pull(1)
    store.failingSettles = 1
    expect(await source.settle(acks(deliveries))).toMatchObject([{ kind: 'failed', error: 'busy' }])
    expect([adapter.held.length, adapter.takeLeases(), store.states()]).toEqual([1, 1, { a: 'ready' }])
  })

  test('a lease that renewing found lost is no longer held', async () => {
    const { store, adapter, clock, source } = await linked(unreliable, ['a'])
    const { deliveries } = await source.pull(1)
    const link = new Link(clock, 'two')
    const other = await link.open(await link.connect(unreliable(new FakeAdapter(store))))
    await clock.advance(LEASE)
    await other.pull(1)
    expect(await source.renew?.(deliveries)).toEqual(tokens(deliveries))
    expect([adapter.held, adapter.takeLeases()]).toEqual([[], 0])
  })

  test('a token that the broker uses again is good again', async () => {
    const { store, adapter, source } = await linked(unreliable, ['a'])
    store.reusesTokens = true
    await source.pull(1)
    adapter.takeLeases()
    const { deliveries } = await source.pull(1)
    expect(await source.settle(acks(deliveries))).toEqual([])
    expect(store.states()).toEqual({ a: 'done' })
  })
})
