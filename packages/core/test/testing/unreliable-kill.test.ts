import { unreliable } from '@pluribus/core/testing'
import { describe, expect, test } from 'vitest'
import { FakeAdapter } from './fake-adapter.js'
import { fate, LEASE, Link, linked, outgoing } from './link.js'

describe('kill', () => {
  test('tells core at once, and nothing answers ever again', async () => {
    const { store, inner, adapter, clock, connection, source, link } = await linked(unreliable, ['a', 'b'])
    const { deliveries } = await source.pull(1)
    const inFlight = source.pull(1)
    const release = adapter.hold('publish')
    const held = connection.publisher.publish([outgoing('c')])
    link.told.length = 0
    adapter.kill()
    expect(adapter.killed).toBe(true)
    expect(link.told).toEqual(['ended', 'lost connection'])
    release()
    const token = deliveries[0]?.token as number
    const calls = [
      inFlight,
      held,
      source.settle({ acks: [token], others: [] }),
      source.renew?.(deliveries) as Promise<unknown>,
      source.close(),
      connection.close(),
      link.connect(adapter),
      connection.persistence.history('orders.placed', { from: 'earliest' })[Symbol.asyncIterator]().next(),
    ]
    for (const call of calls) expect(await fate(clock, call)).toBe('pending')
    await clock.advance(LEASE * 10)
    for (const call of calls) expect(await fate(clock, call)).toBe('pending')
    expect(store.states()).toEqual({ a: 'leased', b: 'leased' })
    expect([store.openSources, inner.connections.length, store.records.length]).toEqual([1, 1, 2])
    inner.connections[0]?.sourceEvents[0]?.wake()
    adapter.kill()
    expect([adapter.cut(), adapter.endSources(), adapter.takeLeases()]).toEqual([false, 0, 0])
    expect(link.told).toEqual(['ended', 'lost connection'])
  })

  test('what core does in the events is too late already', async () => {
    const { store, adapter, clock, source, link } = await linked(unreliable, ['a'])
    const { deliveries } = await source.pull(1)
    link.onEvent = () => void source.settle({ acks: deliveries.map(({ token }) => token), others: [] })
    adapter.kill()
    await clock.settle()
    expect(store.states()).toEqual({ a: 'leased' })
  })

  test('leaves what was handed out to another process once the lease ends', async () => {
    const { store, adapter, clock, source } = await linked(unreliable, ['a'])
    await source.pull(1)
    adapter.kill()
    const survivor = unreliable(new FakeAdapter(store))
    const link = new Link(clock, 'two')
    const other = await link.open(await link.connect(survivor))
    expect((await other.pull(1)).deliveries).toEqual([])
    await clock.advance(LEASE)
    expect((await other.pull(1)).deliveries).toMatchObject([{ message: { id: 'a' }, losses: 1 }])
  })

  test('while connecting hangs it, and gives back what arrives', async () => {
    const inner = new FakeAdapter()
    inner.connectTakes = 100
    const adapter = unreliable(inner)
    const link = new Link()
    const connecting = link.connect(adapter)
    adapter.kill()
    await link.clock.advance(100)
    expect([await fate(link.clock, connecting), inner.connections[0]?.closed]).toEqual(['pending', true])
    expect(link.told).toEqual([])
  })

  test('after a cut hangs what the cut would have rejected', async () => {
    const { adapter, clock, connection, link } = await linked(unreliable, ['a'])
    const reading = connection.persistence.history('orders.placed', { from: 'earliest' })[Symbol.asyncIterator]()
    await reading.next()
    adapter.cut()
    adapter.kill()
    expect(await fate(clock, connection.declare([], []))).toBe('pending')
    expect(await fate(clock, reading.next())).toBe('pending')
    expect(link.told).toEqual(['lost connection'])
  })

  test('in the turn of a cut that a step made: lost is told, the call stays unanswered', async () => {
    const { adapter, clock, connection, link } = await linked(inner =>
      unreliable(inner, { steps: [{ on: 'declare', call: 1, do: 'cut' }] }),
    )
    const declaring = connection.declare([], [])
    adapter.kill()
    expect(await fate(clock, declaring)).toBe('pending')
    expect(link.told).toEqual(['lost connection'])
  })
})
