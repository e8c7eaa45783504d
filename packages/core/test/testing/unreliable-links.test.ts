import { PluribusError } from '@pluribus/core'
import type { SourceEvents } from '@pluribus/core/driver'
import { InjectedFault, unreliable } from '@pluribus/core/testing'
import { describe, expect, test } from 'vitest'
import { FakeAdapter, FakeNativeError } from './fake-adapter.js'
import { fate, LEASE, Link, linked, outgoing, RETRYABLE, spec, thrownBy } from './link.js'

describe('cut', () => {
  test('raises lost once; calls in flight and later reject as unavailable; close resolves', async () => {
    const { adapter, connection, source, link, inner } = await linked(unreliable)
    const release = adapter.hold('publish')
    const inFlight = connection.publisher.publish([outgoing('x')])
    expect(adapter.cut()).toBe(true)
    expect(link.told).toEqual(['lost connection'])
    const later = [
      inFlight,
      connection.publisher.publish([outgoing('y')]),
      connection.declare([], []),
      connection.persistence.topics(),
      connection.subscriber.open(spec, { window: 1, lease: 1 }, link.sourceEvents),
      source.pull(1),
      source.settle({ acks: [1], others: [] }),
    ]
    for (const call of later) {
      const error = await thrownBy(call)
      expect(error).not.toBeInstanceOf(PluribusError)
      expect(adapter.classify(error)).toEqual(RETRYABLE)
    }
    expect(adapter.classify(link.causes[0])).toEqual(RETRYABLE)
    release()
    expect(adapter.cut()).toBe(false)
    await source.close()
    await connection.close()
    expect(link.told).toEqual(['lost connection'])
    expect([inner.connections[0]?.closed, inner.store.openSources, inner.store.records.length]).toEqual([false, 1, 0])
  })

  test('leaves what was held leased until the lease ends, for the next generation too', async () => {
    const { store, adapter, link, clock, source } = await linked(unreliable, ['a', 'b'])
    await source.pull(1)
    adapter.cut()
    const next = await link.open(await link.connect(adapter))
    expect(adapter.generation).toBe(2)
    expect(adapter.held).toEqual([])
    expect((await next.pull(10)).deliveries.map(({ message }) => message.id)).toEqual(['b'])
    await clock.advance(LEASE - 1)
    expect((await next.pull(10)).deliveries).toEqual([])
    await clock.advance(1)
    expect((await next.pull(10)).deliveries).toMatchObject([
      { message: { id: 'a' }, losses: 1 },
      { message: { id: 'b' } },
    ])
    expect(store.states()).toEqual({ a: 'leased', b: 'leased' })
  })

  test('mutes the dead generation, not the next one', async () => {
    const { adapter, link, inner } = await linked(unreliable)
    adapter.cut()
    const dead = inner.connections[0]
    const events = dead?.sourceEvents[0] as SourceEvents
    dead?.events.lost('again')
    events.wake()
    events.lost([1])
    events.ended('x')
    expect(link.told).toEqual(['lost connection'])
    await link.open(await link.connect(adapter))
    inner.connections[1]?.sourceEvents[0]?.wake()
    inner.connections[1]?.events.lost('for real')
    inner.connections[1]?.events.lost('for real')
    expect(link.told).toEqual(['lost connection', 'wake', 'lost connection'])
    expect(link.causes[2]).toBe('for real')
  })

  test('drops what the inner adapter answers afterwards', async () => {
    const { store, adapter, source } = await linked(unreliable, ['a'])
    const pulling = source.pull(1)
    adapter.cut()
    await expect(pulling).rejects.toThrow('cut')
    expect(store.states()).toEqual({ a: 'leased' })
    expect(adapter.held).toEqual([])
  })

  test('passes a cause on, which the calls keep as theirs', async () => {
    const { adapter, connection, link } = await linked(unreliable)
    const cause = new FakeNativeError('econnreset')
    adapter.cut(cause)
    expect(link.causes).toEqual([cause])
    const error = await thrownBy(connection.declare([], []))
    expect([error instanceof InjectedFault && error.cause, adapter.classify(error)]).toEqual([cause, RETRYABLE])
  })

  test('ends an iteration under way', async () => {
    const { adapter, connection } = await linked(unreliable, ['a', 'b'])
    const read: string[] = []
    const reading = async () => {
      for await (const { id } of connection.persistence.history('orders.placed', { from: 'earliest' })) {
        read.push(id)
        adapter.cut()
      }
    }
    await expect(reading()).rejects.toThrow('cut')
    expect(read).toEqual(['a'])
  })

  test('while connecting rejects the connect, and gives back what arrives', async () => {
    const inner = new FakeAdapter()
    inner.connectTakes = 100
    const adapter = unreliable(inner)
    const link = new Link()
    const connecting = link.connect(adapter)
    await link.clock.advance(50)
    expect(adapter.cut()).toBe(true)
    expect(adapter.classify(await thrownBy(connecting))).toEqual(RETRYABLE)
    await link.clock.advance(50)
    expect([inner.connections[0]?.closed, link.told, adapter.generation]).toEqual([true, [], 0])
    expect(adapter.cut()).toBe(false)
  })

  test('after core has closed the connection does nothing, and nothing is heard of it', async () => {
    const { adapter, inner, connection, source, link } = await linked(unreliable)
    await source.close()
    inner.connections[0]?.sourceEvents[0]?.wake()
    await connection.close()
    inner.connections[0]?.events.lost('closed')
    expect(adapter.cut()).toBe(false)
    expect(link.told).toEqual([])
    await adapter.dispose()
    expect(inner.connections[0]?.closes).toBe(1)
  })

  test('a callback of core that throws is loud but not in the way', async () => {
    const { adapter, connection, link } = await linked(unreliable)
    const listeners = process.listeners('uncaughtException')
    process.removeAllListeners('uncaughtException')
    const loud = new Promise<unknown>(resolve => process.once('uncaughtException', resolve))
    link.onEvent = () => {
      throw new Error('a bug of core')
    }
    const release = adapter.hold('declare')
    const inFlight = connection.declare([], [])
    expect(adapter.cut()).toBe(true)
    await expect(inFlight).rejects.toThrow('cut')
    expect(await loud).toMatchObject({ message: 'a bug of core' })
    for (const listener of listeners) process.on('uncaughtException', listener)
    release()
  })

  test('dispose really closes what was left open', async () => {
    const { adapter, inner, source, store } = await linked(unreliable, ['a'])
    await source.pull(1)
    adapter.cut()
    await adapter.dispose()
    expect([inner.connections[0]?.closed, store.openSources, store.states()]).toEqual([true, 0, { a: 'ready' }])
  })
})

describe('connecting', () => {
  test('refuse rejects until accept, by default as unavailable', async () => {
    const inner = new FakeAdapter()
    const adapter = unreliable(inner)
    const link = new Link()
    adapter.refuse()
    expect(adapter.classify(await thrownBy(link.connect(adapter)))).toEqual(RETRYABLE)
    adapter.refuse(new InjectedFault('bad password', 'UNAUTHORIZED'))
    expect(adapter.classify(await thrownBy(link.connect(adapter)))).toEqual({ code: 'UNAUTHORIZED', retryable: false })
    const native = new FakeNativeError('native')
    adapter.refuse(native)
    expect(await thrownBy(link.connect(adapter))).toBe(native)
    expect(inner.connections).toEqual([])
    adapter.accept()
    await link.connect(adapter)
    expect([adapter.connects, adapter.generation, inner.connections.length]).toEqual([4, 1, 1])
    expect(link.told).toEqual([])
  })

  test('hangConnects hangs until accept, and what hangs goes on hanging', async () => {
    const adapter = unreliable(new FakeAdapter())
    const link = new Link()
    adapter.hangConnects()
    const hanging = link.connect(adapter)
    expect(await fate(link.clock, hanging)).toBe('pending')
    adapter.accept()
    expect(await fate(link.clock, link.connect(adapter))).toBe('resolved')
    await link.clock.advance(1_000_000)
    expect(await fate(link.clock, hanging)).toBe('pending')
  })

  test('a connection lost inside goes to core once, and its calls on to the inner adapter', async () => {
    const { adapter, link, connection, inner } = await linked(unreliable)
    inner.connections[0]?.events.lost('broken inside')
    expect([link.told, link.causes]).toEqual([['lost connection'], ['broken inside']])
    expect(adapter.cut()).toBe(false)
    expect(await connection.declare([], [])).toEqual([])
    await connection.close()
    expect(inner.connections[0]?.closed).toBe(true)
  })
})

describe('what the inner adapter loses by itself', () => {
  test('while connecting: the connect rejects, and core hears of nothing that it never had', async () => {
    const inner = new FakeAdapter()
    const adapter = unreliable(inner)
    const link = new Link()
    const letGo = adapter.hold('connect', { side: 'reply' })
    const connecting = link.connect(adapter)
    await link.clock.settle()
    inner.connections[0]?.events.lost('gone')
    letGo()
    expect(adapter.classify(await thrownBy(connecting))).toEqual(RETRYABLE)
    expect([link.told, inner.connections[0]?.closed, adapter.generation]).toEqual([[], true, 0])
  })

  test('a source that ended inside is over: it holds nothing and ends once', async () => {
    const { adapter, inner, source, link } = await linked(unreliable, ['a'])
    await source.pull(1)
    inner.connections[0]?.sourceEvents[0]?.ended('inside')
    inner.connections[0]?.sourceEvents[0]?.ended('inside')
    expect([adapter.held, adapter.takeLeases(), adapter.endSources()]).toEqual([[], 0, 0])
    adapter.kill()
    expect(link.told).toEqual(['ended', 'lost connection'])
    expect(link.causes[0]).toBe('inside')
  })
})

describe('endSources', () => {
  test('ends every open source, not the connection, and gives back', async () => {
    const { store, adapter, link, connection, source } = await linked(unreliable, ['a'])
    await source.pull(1)
    expect(adapter.endSources('cancelled')).toBe(1)
    expect([link.told.at(-1), link.causes.at(-1)]).toEqual(['ended', 'cancelled'])
    expect([store.states(), store.openSources]).toEqual([{ a: 'ready' }, 0])
    await expect(source.pull(1)).rejects.toThrow('over')
    expect(adapter.endSources()).toBe(0)
    expect(link.told.filter(what => what === 'ended')).toHaveLength(1)
    const next = await link.open(connection)
    expect((await next.pull(1)).deliveries).toHaveLength(1)
    expect(adapter.generation).toBe(1)
  })

  test('may leave what it held leased', async () => {
    const { store, adapter, link, source } = await linked(unreliable, ['a'])
    await source.pull(1)
    adapter.endSources(undefined, { giveBack: false })
    await source.close()
    expect([store.states(), store.openSources]).toEqual([{ a: 'leased' }, 1])
    expect(adapter.classify(link.causes.at(-1))).toEqual(RETRYABLE)
  })

  test('spares those that core has closed', async () => {
    const { adapter, link, source } = await linked(unreliable)
    await source.close()
    expect(adapter.endSources()).toBe(0)
    expect(link.told).toEqual([])
  })
})
