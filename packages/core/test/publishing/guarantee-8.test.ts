import { createBroker, topic } from '@pluribus/core'
import type { Adapter, Connection, OutgoingMessage, PublishException } from '@pluribus/core/driver'
import { NO_EXCEPTIONS } from '@pluribus/core/driver'
import { type FaultScript, VirtualClock } from '@pluribus/core/testing'
import { memory } from '@pluribus/memory'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type World, world } from './kit.js'

const orders = topic<{ n: number }>('orders.placed')
const shipped = topic<{ n: number }>('orders.shipped')

const numbers = (count: number) => Array.from({ length: count }, (_, n) => n)
const storedNumbers = async (of: World, name = orders.name) =>
  (await of.stored({ name })).map(({ payload }) => JSON.parse(payload as string).n as number)

describe('guarantee 8: what is published earlier stands earlier', () => {
  it('keeps the order of awaited publishes', async () => {
    const it = await world()
    for (const n of numbers(20)) await it.clock.run(it.broker.publish(orders, { n }))
    expect(await storedNumbers(it)).toEqual(numbers(20))
  })

  it('keeps the order of 5,000 publishes that nobody awaits, in few batches', async () => {
    const it = await world()
    const publishing = numbers(5_000).map(n => it.broker.publish(orders, { n }))
    await it.clock.run(Promise.all(publishing))
    expect(await storedNumbers(it)).toEqual(numbers(5_000))
    expect(it.adapter.publishedBatches).toBeLessThan(12)
  })

  it('keeps the order of a batch, and of batches', async () => {
    const it = await world()
    const batch = (from: number) => numbers(1_500).map(n => ({ data: { n: from + n } }))
    const publishing = [0, 1_500, 3_000].map(from => it.broker.publishMany(orders, batch(from)))
    await it.clock.run(Promise.all(publishing))
    expect(await storedNumbers(it)).toEqual(numbers(4_500))
  })

  it('keeps the order across topics as far as one can see it: each topic in its own', async () => {
    const it = await world()
    it.adapter.delay('publish', 5)
    const publishing = numbers(2_000).map(n => it.broker.publish(n % 2 === 0 ? orders : shipped, { n }))
    await it.clock.run(Promise.all(publishing))
    expect(await storedNumbers(it)).toEqual(numbers(1_000).map(n => 2 * n))
    expect(await storedNumbers(it, shipped.name)).toEqual(numbers(1_000).map(n => 2 * n + 1))
  })

  it('keeps the order where later publishes come while earlier ones are in flight', async () => {
    const it = await world()
    it.adapter.delay('publish', 10)
    const publishing: Promise<unknown>[] = []
    for (const n of numbers(100)) {
      publishing.push(it.broker.publish(orders, { n }))
      await it.clock.advance(n % 7)
    }
    await it.clock.run(Promise.all(publishing))
    expect(await storedNumbers(it)).toEqual(numbers(100))
  })

  it('keeps the order through an outage', async () => {
    const it = await world()
    await it.clock.run(it.broker.publish(orders, { n: 0 }))
    it.adapter.refuse()
    it.adapter.cut()
    const publishing = numbers(2_000).map(n => it.broker.publish(orders, { n: n + 1 }))
    await it.clock.advance(5_000)
    it.adapter.accept()
    await it.clock.run(Promise.all(publishing))
    expect(await storedNumbers(it)).toEqual(numbers(2_001))
  })

  it('keeps the order of supplied ids, whatever is cut, lost or refused, and stores each once', async () => {
    const operation = fc.constantFrom('publish' as const, 'declare' as const, 'connect' as const)
    const action = fc.constantFrom('fail' as const, 'cut' as const, 'lose-reply' as const)
    const steps = fc.array(fc.record({ on: operation, call: fc.integer({ min: 1, max: 12 }), do: action }), {
      maxLength: 12,
    })
    // The first connection has to be had, for the broker to be made.
    const script = steps.map(all => all.filter(step => step.on !== 'connect' || step.call > 1))
    const calls = fc.array(
      fc.record({
        size: fc.integer({ min: 1, max: 40 }),
        pause: fc.constantFrom(0, 0, 0, 1, 30),
        isBatch: fc.boolean(),
        to: fc.nat(1),
      }),
      { minLength: 1, maxLength: 25 },
    )
    await fc.assert(
      fc.asyncProperty(script, calls, fc.constantFrom(0, 3), async (faults, publishes, latency) => {
        const it = await world({ script: { steps: faults } as FaultScript, publishTimeout: '10m' })
        it.adapter.delay('publish', latency)
        const publishing: Promise<unknown>[] = []
        const expected: string[][] = [[], []]
        let n = 0
        for (const { size, pause, isBatch, to } of publishes) {
          const target = to === 0 ? orders : shipped
          const items = numbers(size).map(() => ({ data: { n }, id: `m${n++}` }))
          expected[to]?.push(...items.map(({ id }) => id))
          if (isBatch) publishing.push(it.broker.publishMany(target, items))
          else publishing.push(...items.map(({ data, id }) => it.broker.publish(target, data, { id })))
          if (pause > 0) await it.clock.advance(pause)
        }
        await it.clock.run(Promise.all(publishing), { within: 600_000 })
        expect(await it.ids(orders)).toEqual(expected[0])
        expect(await it.ids(shipped)).toEqual(expected[1])
        await it.clock.run(it.broker.close())
        expect(it.clock.pendingTimers).toBe(0)
      }),
      { numRuns: 150 },
    )
  })
})

/** A broker that takes several batches at once, and where one fails, those behind it too, in any order: as pipelined clients do. */
function pipelined(fails: readonly number[]) {
  const inner = memory()
  const stored: string[] = []
  const known = new Set<string>()
  let batches = 0
  let most = 0
  const adapter: Adapter = {
    name: 'pipelined',
    capabilities: inner.capabilities,
    classify: () => ({ code: 'UNAVAILABLE', retryable: true }),
    async connect(environment, events): Promise<Connection> {
      const connection = await inner.connect(environment, events)
      const sleep = (ms: number) => new Promise<void>(resolve => environment.timers.setTimeout(resolve, ms))
      const inFlight = new Set<number>()
      const doomed = new Set<number>()
      const publish = async (batch: readonly OutgoingMessage[]): Promise<readonly PublishException[]> => {
        const number = ++batches
        most = Math.max(most, inFlight.add(number).size)
        await sleep(20)
        // Those that are in flight behind it fail with it; what is sent from now on does not.
        if (fails.includes(number)) for (const other of inFlight) if (other >= number) doomed.add(other)
        if (doomed.has(number)) await sleep(((number * 7) % 11) * 5)
        inFlight.delete(number)
        if (doomed.has(number)) throw new Error(`batch ${number} has failed`)
        for (const { id } of batch) if (!known.has(id)) stored.push(id)
        for (const { id } of batch) known.add(id)
        return NO_EXCEPTIONS
      }
      return {
        server: connection.server,
        capabilities: connection.capabilities,
        declare: (topics, subscriptions) => connection.declare(topics, subscriptions),
        publisher: { window: 4, publish },
        subscriber: connection.subscriber,
        persistence: connection.persistence,
        close: () => connection.close(),
      }
    },
  }
  return { adapter, stored, most: () => most }
}

describe('guarantee 8: with several batches in flight', () => {
  it.each([[[1]], [[2]], [[3, 6]], [[1, 5, 6, 7]], [[2, 9, 10, 11]]])(
    'keeps the order where batches %j fail, with those behind them',
    async fails => {
      const { adapter, stored, most } = pipelined(fails)
      const clock = new VirtualClock()
      const broker = await clock.run(
        createBroker({
          adapter,
          environment: clock.environment(),
          publishTimeout: '5m',
          journal: 'off',
          logger: false,
        }),
      )
      const ids: string[] = []
      const publishing: Promise<unknown>[] = []
      for (const n of numbers(30)) {
        ids.push(`m${n}`)
        publishing.push(broker.publish(orders, { n }, { id: `m${n}` }))
        await clock.advance(3)
      }
      await clock.run(Promise.all(publishing), { within: 600_000 })
      expect(stored).toEqual(ids)
      expect(most()).toBeGreaterThan(1)
    },
  )
})
