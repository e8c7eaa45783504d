import { type FaultAction, type UnreliableAdapter, unreliable } from '@pluribus/core/testing'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { FakeAdapter, type FakeStore } from './fake-adapter.js'
import { acks, fate, fates, ids, LEASE, Link, linked, outgoing } from './link.js'

describe('heal', () => {
  test('ends everything that is armed', async () => {
    const { adapter, connection, source, link } = await linked(
      inner => unreliable(inner, { steps: [{ on: 'declare', call: 1, do: 'cut' }] }),
      ['a'],
    )
    adapter.failBefore('pull', { times: 9 })
    adapter.loseReplies('publish')
    adapter.failMessages(() => true, 'definite')
    adapter.settleExceptions('failed')
    adapter.refuse()
    adapter.hold('pull')
    adapter.delay('settle', 10)
    const held = source.pull(1)
    adapter.heal()
    const { deliveries } = await held
    expect(deliveries).toHaveLength(1)
    expect(await source.settle(acks(deliveries))).toEqual([])
    expect(await connection.publisher.publish([outgoing('b')])).toEqual([])
    expect(await connection.declare([], [])).toEqual([])
    await link.connect(adapter)
    expect(adapter.calls('pull')).toBe(1)
  })
})

describe('a script', () => {
  /** What the second publish comes to, and what is stored after it. */
  async function second(action: FaultAction) {
    const { store, adapter, clock, connection, link } = await linked(inner =>
      unreliable(inner, { steps: [{ on: 'publish', call: 2, do: action }] }),
    )
    await connection.publisher.publish([outgoing('a')])
    const publishing = connection.publisher.publish([outgoing('b')])
    expect(link.told).toEqual([])
    const stored = async () => ids(store).includes('b')
    return [await fate(clock, publishing), await stored(), link.told, adapter.killed]
  }

  test('strikes at the call it names, as its action says, and raises no event within it', async () => {
    const dead = ['ended', 'lost connection']
    expect(await second('fail')).toEqual(['rejected', false, [], false])
    expect(await second('hang')).toEqual(['pending', false, [], false])
    expect(await second('cut')).toEqual(['rejected', false, ['lost connection'], false])
    expect(await second('lose-reply')).toEqual(['rejected', true, ['lost connection'], false])
    expect(await second('kill')).toEqual(['pending', false, dead, true])
    expect(await second('kill-after')).toEqual(['pending', true, dead, true])
  })

  test('a cut or a kill by a step holds at once, for calls in the same turn too', async () => {
    for (const action of ['cut', 'kill'] as const) {
      const { store, connection, clock } = await linked(inner =>
        unreliable(inner, { steps: [{ on: 'declare', call: 1, do: action }] }),
      )
      const calls = [connection.declare([], []), connection.publisher.publish([outgoing('a')])]
      const expected = action === 'cut' ? 'rejected' : 'pending'
      expect(await fates(clock, calls)).toEqual([expected, expected])
      expect(ids(store)).toEqual([])
    }
  })

  test('counts over all generations, and the first step for a call wins', async () => {
    const { adapter, link } = await linked(inner =>
      unreliable(inner, {
        steps: [
          { on: 'connect', call: 2, do: 'fail' },
          { on: 'connect', call: 2, do: 'hang' },
          { on: 'pull', call: 2, do: 'cut' },
        ],
      }),
    )
    adapter.cut()
    await expect(link.connect(adapter)).rejects.toThrow('connect failed')
    const source = await link.open(await link.connect(adapter))
    await source.pull(1)
    await expect(source.pull(1)).rejects.toThrow('cut')
    expect([adapter.connects, adapter.generation]).toEqual([3, 2])
  })
})

const OPERATIONS = ['publish', 'pull', 'settle', 'connect', 'open', 'declare'] as const
const ACTIONS = ['fail', 'cut', 'lose-reply'] as const

test('whatever the script: a client that reconnects gets everything through, and every lost is one', async () => {
  const step = fc.record({
    on: fc.constantFrom(...OPERATIONS),
    call: fc.integer({ min: 1, max: 8 }),
    do: fc.constantFrom(...ACTIONS),
  })
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 8 }), async steps => {
      const inner = new FakeAdapter()
      const adapter = unreliable(inner, { steps })
      const link = new Link()
      await link.clock.run(drain(adapter, link, inner.store), { within: 10_000_000 })
      expect(Object.values(inner.store.states())).toEqual(['done', 'done', 'done'])
      expect(link.told.filter(what => what === 'lost connection').length).toBeLessThanOrEqual(adapter.generation)
      expect([...new Set(steps.map(({ on }) => on))].every(on => adapter.calls(on) >= adapter.executed(on))).toBe(true)
    }),
    { numRuns: 200 },
  )
})

/** The least client: publishes one by one, then handles until all is done, from scratch after every error. */
async function drain(adapter: UnreliableAdapter, link: Link, store: FakeStore) {
  while (store.records.length < 3 || store.records.some(({ state }) => state !== 'done')) {
    if (adapter.connects > 50) throw new Error('no progress')
    try {
      const connection = await link.connect(adapter)
      await connection.declare([], [])
      for (const id of ['a', 'b', 'c']) await connection.publisher.publish([outgoing(id)])
      const source = await link.open(connection)
      for (let deliveries = (await source.pull(1)).deliveries; deliveries.length > 0; ) {
        await source.settle(acks(deliveries))
        deliveries = (await source.pull(1)).deliveries
      }
    } catch (error) {
      if (!adapter.classify(error).retryable) throw error
      adapter.cut()
    }
    await link.clock.sleep(LEASE)
  }
}
