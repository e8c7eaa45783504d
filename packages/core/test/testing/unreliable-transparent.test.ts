import { PluribusError } from '@pluribus/core'
import { InjectedFault, unreliable } from '@pluribus/core/testing'
import { describe, expect, test } from 'vitest'
import { FAKE_CAPABILITIES, FakeAdapter, FakeNativeError } from './fake-adapter.js'
import { Link, linked, outgoing, RETRYABLE } from './link.js'

describe('without a fault', () => {
  test('everything passes through, with identity and order', async () => {
    const { store, adapter, connection, source, link } = await linked(unreliable, ['a', 'b'])
    expect(adapter.name).toBe('fake')
    expect(connection.server.product).toBe('fake')
    const { deliveries } = await source.pull(10)
    expect(deliveries.map(({ message }) => message.id)).toEqual(['a', 'b'])
    expect(adapter.held).toEqual(deliveries)
    await source.mark(deliveries[0] as never)
    expect(await source.renew?.(deliveries)).toEqual([])
    const [a, b] = deliveries.map(({ token }) => token)
    expect(await source.settle({ acks: [a as number], others: [{ kind: 'release', token: b as number }] })).toEqual([])
    expect(adapter.held).toEqual([])
    expect(store.states()).toEqual({ a: 'done', b: 'ready' })
    expect(store.marked).toEqual(['a'])
    expect(await connection.maintain?.()).toBe(1_000)
    expect(await connection.publisher.position?.({ name: 'l', epoch: 1 })).toBe(7)
    expect(await connection.persistence.find?.('orders.placed', 'a')).toMatchObject({ id: 'a' })
    const ids: string[] = []
    for await (const { id } of connection.persistence.history('orders.placed', { from: 'earliest' })) ids.push(id)
    expect(ids).toEqual(['a', 'b'])
    for await (const _ of connection.persistence.history('orders.placed', { from: 'earliest' })) break
    expect(store.iterations).toBe(0)
    expect(link.told).toEqual(['wake'])
    await source.close()
    await connection.close()
    expect(store.openSources).toBe(0)
  })

  test('calls are counted, and reach the inner adapter in the call itself', async () => {
    const { store, adapter, connection } = await linked(unreliable)
    const publishing = connection.publisher.publish([outgoing('x'), outgoing('y')])
    expect(store.batches).toEqual([['x', 'y']])
    await publishing
    expect([adapter.calls('publish'), adapter.executed('publish')]).toEqual([1, 1])
    expect([adapter.publishedBatches, adapter.publishedMessages]).toEqual([1, 2])
    expect([adapter.connects, adapter.generation, adapter.calls('settle')]).toEqual([1, 1, 0])
  })

  test('optional methods are there exactly where the inner adapter has them', async () => {
    const inner = new FakeAdapter()
    const connect = inner.connect.bind(inner)
    inner.connect = async (...of) => {
      const { maintain: _, persistence, publisher, ...connection } = await connect(...of)
      const { find: __, trim: ___, ...required } = persistence
      return { ...connection, persistence: required, publisher: { window: 3, publish: publisher.publish } }
    }
    const connection = await new Link().connect(unreliable(inner))
    expect([connection.maintain, connection.persistence.find, connection.publisher.publishSequenced]).toEqual([
      undefined,
      undefined,
      undefined,
    ])
    expect(connection.publisher.window).toBe(3)
  })
})

describe('capabilities', () => {
  test('are replaced in adapter and connection, frozen to the ground, and the inner ones untouched', async () => {
    const limits = { payload: 10, headers: 10, hold: 10 }
    const { adapter, connection } = await linked(inner =>
      unreliable(inner, { capabilities: { priority: 'none', limits } }),
    )
    expect(adapter.capabilities).toEqual({ ...FAKE_CAPABILITIES, priority: 'none', limits })
    expect(connection.capabilities).toEqual({ ...FAKE_CAPABILITIES, lifo: 'windowed', priority: 'none', limits })
    expect(Object.isFrozen(adapter.capabilities) && Object.isFrozen(connection.capabilities)).toBe(true)
    expect(Object.isFrozen(connection.capabilities.limits) && Object.isFrozen(connection.capabilities.from)).toBe(true)
    expect(Object.isFrozen(limits) || Object.isFrozen(FAKE_CAPABILITIES.from)).toBe(false)
  })

  test('that go take their methods with them', async () => {
    const of = async (sequenced: 'stored' | 'checked' | 'none') => {
      const { connection } = await linked(inner => unreliable(inner, { capabilities: { sequenced } }))
      const { publishSequenced, position } = connection.publisher
      return [publishSequenced !== undefined, position !== undefined]
    }
    expect([await of('stored'), await of('checked'), await of('none')]).toEqual([
      [true, true],
      [false, true],
      [false, false],
    ])
  })
})

describe('classify', () => {
  test('knows its own errors and delegates the rest', () => {
    const adapter = unreliable(new FakeAdapter())
    expect(adapter.classify(new InjectedFault('x'))).toEqual(RETRYABLE)
    expect(adapter.classify(new InjectedFault('x', 'UNAUTHORIZED'))).toEqual({ code: 'UNAUTHORIZED', retryable: false })
    expect(adapter.classify(new InjectedFault('x', { code: 'UNKNOWN', retryable: true }))).toEqual({
      code: 'UNKNOWN',
      retryable: true,
    })
    expect(adapter.classify(new FakeNativeError('x'))).toEqual({ code: 'TOO_LARGE', retryable: false })
    expect(adapter.classify(new PluribusError('TIMEOUT', 'x'))).toEqual({ code: 'TIMEOUT', retryable: true })
    expect(adapter.classify(new Error('x'))).toEqual({ code: 'UNKNOWN', retryable: false })
  })
})
