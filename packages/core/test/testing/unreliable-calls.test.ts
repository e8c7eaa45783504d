import type { Delivery, Token } from '@pluribus/core/driver'
import { InjectedFault, unreliable } from '@pluribus/core/testing'
import { describe, expect, test } from 'vitest'
import { FakeAdapter, FakeNativeError } from './fake-adapter.js'
import { acks, fate, ids, LEASE, Link, linked, outcome, outgoing, RETRYABLE, thrownBy, tokens } from './link.js'

describe('loseReplies', () => {
  test('publish: it is stored, the call rejects and the connection is lost', async () => {
    const { store, adapter, connection, link } = await linked(unreliable)
    adapter.loseReplies('publish')
    const error = await thrownBy(connection.publisher.publish([outgoing('a')]))
    expect(adapter.classify(error)).toEqual(RETRYABLE)
    expect([ids(store), link.told]).toEqual([['a'], ['lost connection']])
    const next = await link.connect(adapter)
    expect(await next.publisher.publish([outgoing('b')])).toEqual([])
    expect(adapter.publishedBatches).toBe(2)
  })

  test('settle, mark, renew, declare: executed and not answered', async () => {
    for (const operation of ['settle', 'mark', 'renew', 'declare'] as const) {
      const { store, adapter, clock, connection, source, link } = await linked(unreliable, ['a'])
      const { deliveries } = await source.pull(1)
      await clock.advance(LEASE / 2)
      adapter.loseReplies(operation)
      const calls = {
        settle: () => source.settle(acks(deliveries)),
        mark: () => source.mark(deliveries[0] as Delivery),
        renew: async () => source.renew?.(deliveries),
        declare: () => connection.declare([], []),
      }
      await expect(calls[operation]()).rejects.toThrow('cut')
      expect(link.told).toContain('lost connection')
      expect(adapter.executed(operation)).toBe(1)
      const [record] = store.records
      expect([operation, record?.state]).toEqual([operation, operation === 'settle' ? 'done' : 'leased'])
      expect(store.marked).toEqual(operation === 'mark' ? ['a'] : [])
      expect(record?.leaseEnds).toBe(operation === 'renew' ? LEASE * 1.5 : LEASE)
    }
  })

  test('pull: what was pulled is leased to nobody until the lease ends', async () => {
    const { store, adapter, clock, source, link } = await linked(unreliable, ['a'])
    adapter.loseReplies('pull')
    await expect(source.pull(1)).rejects.toThrow('cut')
    expect(store.states()).toEqual({ a: 'leased' })
    const next = await link.open(await link.connect(adapter))
    expect((await next.pull(1)).deliveries).toEqual([])
    await clock.advance(LEASE)
    expect((await next.pull(1)).deliveries).toHaveLength(1)
  })

  test('may be a black hole: the connection stays, and so does the silence', async () => {
    const { store, adapter, clock, connection, link } = await linked(unreliable)
    adapter.loseReplies('publish', { hang: true, times: 2 })
    const [one, two] = [connection.publisher.publish([outgoing('a')]), connection.publisher.publish([outgoing('b')])]
    expect(await connection.publisher.publish([outgoing('c')])).toEqual([])
    await clock.advance(1_000_000)
    expect([await fate(clock, one), await fate(clock, two), ids(store)]).toEqual([
      'pending',
      'pending',
      ['a', 'b', 'c'],
    ])
    expect(link.told).not.toContain('lost connection')
    adapter.cut()
    expect([await fate(clock, one), await fate(clock, two)]).toEqual(['rejected', 'rejected'])
  })

  test('connect: what was made is given back', async () => {
    const inner = new FakeAdapter()
    const adapter = unreliable(inner)
    const link = new Link()
    adapter.loseReplies('connect')
    await expect(link.connect(adapter)).rejects.toThrow('cut')
    expect([inner.connections[0]?.closed, link.told]).toEqual([true, []])
    await link.connect(adapter)
    expect(adapter.generation).toBe(1)
  })

  test('close: resolves all the same, once it is closed inside', async () => {
    const { adapter, connection, inner, link } = await linked(unreliable)
    adapter.loseReplies('close')
    await connection.close()
    expect([inner.connections[0]?.closed, link.told]).toEqual([true, []])
  })
})

describe('failBefore', () => {
  test('the next calls are not executed, the one after is; the connection stays', async () => {
    const { store, adapter, connection, link } = await linked(unreliable)
    adapter.failBefore('publish', { times: 2 })
    for (const id of ['a', 'b']) {
      expect(adapter.classify(await thrownBy(connection.publisher.publish([outgoing(id)])))).toEqual(RETRYABLE)
    }
    await connection.publisher.publish([outgoing('c')])
    expect([ids(store), link.told]).toEqual([['c'], []])
    expect([adapter.calls('publish'), adapter.executed('publish')]).toEqual([3, 1])
  })

  test('with an error of its own, and a cut if asked', async () => {
    const { adapter, clock, source, link } = await linked(unreliable, ['a'])
    const error = new FakeNativeError('too large')
    adapter.failBefore('pull', { error })
    expect(await thrownBy(source.pull(1))).toBe(error)
    adapter.failBefore('pull', { error, cut: true })
    const failing = source.pull(1)
    expect(link.told).toEqual([])
    expect(await thrownBy(failing)).toBe(error)
    await clock.settle()
    expect([link.told, link.causes]).toEqual([['lost connection'], [error]])
  })

  test('cuts where several batches may be in flight, so that those behind fail too', async () => {
    const { store, adapter, connection } = await linked(inner => {
      inner.window = 3
      return unreliable(inner)
    })
    const letGo = adapter.hold('publish')
    const batches = ['a', 'b', 'c'].map(id => outcome(connection.publisher.publish([outgoing(id)])))
    adapter.failBefore('publish')
    letGo()
    expect(await Promise.all(batches)).toEqual(['rejected', 'rejected', 'rejected'])
    expect(ids(store)).toEqual([])
  })
})

describe('failMessages', () => {
  const batch = ['a', 'b', 'c', 'd'].map(outgoing)

  test('definite: those are not stored, the others are, and every index is right', async () => {
    const { store, adapter, connection } = await linked(unreliable, ['d'])
    const error = new InjectedFault('no')
    const disarm = adapter.failMessages(({ id }) => id === 'b', 'definite', { error })
    const expected = [
      { index: 1, kind: 'failed', outcome: 'definite', error },
      { index: 3, kind: 'duplicate' },
    ]
    expect(await connection.publisher.publish(batch)).toEqual(expected)
    expect(ids(store)).toEqual(['d', 'a', 'c'])
    expect(await connection.publisher.publish([outgoing('b')])).toEqual([{ ...expected[0], index: 0 }])
    disarm()
    disarm()
    expect(await connection.publisher.publish([outgoing('b')])).toEqual([])
  })

  test('unknown: stored by default, or not', async () => {
    const { store, adapter, connection } = await linked(unreliable)
    adapter.failMessages(({ id }) => id === 'a', 'unknown', { times: 1 })
    adapter.failMessages(({ id }) => id === 'b', 'unknown', { times: 1, stored: false })
    adapter.failMessages(({ id }) => id === 'c', 'definite', { times: 1, stored: true })
    const exceptions = await connection.publisher.publish(batch)
    expect(exceptions.map(({ index, kind }) => [index, kind])).toEqual([0, 1, 2].map(index => [index, 'failed']))
    expect(ids(store)).toEqual(['a', 'd'])
    expect(await connection.publisher.publish([outgoing('b'), outgoing('a')])).toEqual([
      { index: 1, kind: 'duplicate' },
    ])
  })

  test('a message that fails is not reported a duplicate as well', async () => {
    const { adapter, connection } = await linked(unreliable, ['a'])
    adapter.failMessages(({ id }) => id === 'a', 'unknown')
    expect(await connection.publisher.publish(batch)).toMatchObject([{ index: 0, kind: 'failed', outcome: 'unknown' }])
  })

  test('a batch of which nothing is left does not reach the inner adapter', async () => {
    const { store, adapter, connection } = await linked(unreliable)
    adapter.failMessages(() => true, 'definite')
    expect(await connection.publisher.publish(batch)).toHaveLength(4)
    expect(store.batches).toEqual([])
  })
})

describe('settleExceptions', () => {
  test('failed: nothing changes inside, and the next settle counts', async () => {
    const { store, adapter, source } = await linked(unreliable, ['a', 'b'])
    const { deliveries } = await source.pull(2)
    adapter.settleExceptions('failed')
    expect(await source.settle(acks(deliveries))).toMatchObject([{ token: deliveries[0]?.token, kind: 'failed' }])
    expect(store.states()).toEqual({ a: 'leased', b: 'done' })
    expect(tokens(adapter.held)).toEqual([deliveries[0]?.token])
    expect(await source.settle(acks(deliveries.slice(0, 1)))).toEqual([])
    expect(store.states()).toEqual({ a: 'done', b: 'done' })
  })

  test('stale: available inside again, and stale it stays', async () => {
    const { store, adapter, source } = await linked(unreliable, ['a', 'b'])
    const { deliveries } = await source.pull(2)
    const [a, b] = tokens(deliveries) as [Token, Token]
    adapter.settleExceptions('stale', { times: 1 })
    expect(
      await source.settle({ acks: [a], others: [{ kind: 'reject', token: b, reason: 'x', attempts: 0, errors: [] }] }),
    ).toEqual([{ token: a, kind: 'stale' }])
    expect(store.states()).toEqual({ a: 'ready', b: 'dead' })
    const inside = store.log.length
    expect(await source.settle({ acks: [a], others: [] })).toEqual([{ token: a, kind: 'stale' }])
    expect(store.log).toHaveLength(inside)
    const again = (await source.pull(1)).deliveries
    expect(again).toMatchObject([{ message: { id: 'a' }, losses: 0 }])
    expect(await source.settle(acks(again))).toEqual([])
    expect(store.states()).toEqual({ a: 'done', b: 'dead' })
  })
})
