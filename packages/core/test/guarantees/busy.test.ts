import { type Broker, createBroker, topic } from '@pluribus/core'
import type { Clock, Timers } from '@pluribus/core/driver'
import { unreliable, VirtualClock } from '@pluribus/core/testing'
import { memory } from '@pluribus/memory'
import { describe, expect, test } from 'vitest'

const orders = topic<number>('orders.placed')
const TIMEOUT = 1_000

/** A process that can be busy: its clock goes on while the loop does not turn; what is due meanwhile comes when it does. */
async function busyWorld() {
  const clock = new VirtualClock()
  const { timers } = clock
  /** Up to when it has been busy. */
  let until = 0
  const now = () => Math.max(clock.monotonic(), until)
  const ahead = () => now() - clock.monotonic()
  const work = (ms: number) => {
    until = now() + ms
  }
  const busyTimers: Timers = {
    setTimeout: (callback, ms) => timers.setTimeout(callback, ms + ahead()),
    clearTimeout: handle => timers.clearTimeout(handle),
    setImmediate: callback => timers.setImmediate(callback),
    clearImmediate: handle => timers.clearImmediate(handle),
  }
  const adapter = unreliable(memory())
  const busyClock: Clock = { now: () => clock.now() + ahead(), monotonic: now }
  const environment = { ...clock.environment(), timers: busyTimers, clock: busyClock }
  const broker = await clock.run(createBroker({ adapter, environment, logger: false, publishTimeout: TIMEOUT }))
  return { clock, adapter, broker, work, now }
}

describe('a deadline may be late where a process is busy, never early', () => {
  test('publishTimeout counts from the call, not from the beginning of the turn', async () => {
    const { clock, adapter, broker, work, now } = await busyWorld()
    await clock.run(broker.publish(orders, 0))
    await clock.advance(10)
    adapter.refuse()
    adapter.cut()
    const refusedAfter = async (by: Broker, n: number) => {
      const since = now()
      await by.publish(orders, n).catch(() => undefined)
      return now() - since
    }
    // Each begins with what the turn's clock has read before the work.
    const waits = [1, 2, 3].map(n => {
      const waiting = refusedAfter(broker, n)
      work(100)
      return waiting
    })
    const waited = await clock.run(Promise.all(waits))
    for (const ms of waited) expect(ms).toBeGreaterThanOrEqual(TIMEOUT)
    for (const ms of waited) expect(ms).toBeLessThanOrEqual(TIMEOUT + 400)
    await clock.run(broker.close())
  })

  test('a delay counts from the call as well', async () => {
    const { clock, adapter, broker, work, now } = await busyWorld()
    let came = 0
    const billing = orders.subscription('billing')
    await clock.run(broker.subscribe(billing, () => void came++))
    adapter.delay('publish', 50)
    await clock.settle()
    const first = broker.publish(orders, 0)
    // The first one is on its way, and the turn goes on; the second waits until it is answered.
    await Promise.resolve()
    expect(adapter.calls('publish')).toBe(1)
    work(100)
    const since = now()
    const second = broker.publish(orders, 1, { delay: TIMEOUT })
    await clock.run(Promise.all([first, second]))
    await clock.until(() => came === 2)
    expect(now() - since).toBeGreaterThanOrEqual(TIMEOUT)
    await clock.run(broker.close())
  })

  test('the timeout of a handler counts from its call, whatever began before it in the same turn', async () => {
    const { clock, broker, work, now } = await busyWorld()
    const billing = orders.subscription('billing', { timeout: TIMEOUT, retry: { attempts: 1 } })
    const ran: number[] = []
    const handler = async (_: unknown, { signal }: { readonly signal: AbortSignal }) => {
      const since = now()
      work(100)
      await clock.sleep(10 * TIMEOUT, signal).catch(() => undefined)
      ran.push(now() - since)
    }
    await clock.run(broker.publishMany(orders, [{ data: 1 }, { data: 2 }, { data: 3 }]))
    await clock.run(broker.subscribe(billing, handler, { concurrency: 3 }))
    await clock.until(() => ran.length === 3)
    for (const ms of ran) expect(ms).toBeGreaterThanOrEqual(TIMEOUT)
    await clock.run(broker.close())
  })
})

describe('handlers that take the processor for long', () => {
  test('let timers and I/O of the application in between', async () => {
    const { clock, broker, work } = await busyWorld()
    const ran: number[] = []
    let turns = 0
    const turn = () => {
      turns++
      if (ran.length < 100) clock.timers.setImmediate(turn)
    }
    const handler = () => {
      work(1)
      ran.push(turns)
    }
    await clock.run(
      broker.publishMany(
        orders,
        Array.from({ length: 100 }, (_, data) => ({ data })),
      ),
    )
    turn()
    await clock.run(broker.subscribe(orders.subscription('billing'), handler))
    await clock.until(() => ran.length === 100)
    expect(new Set(ran).size).toBeGreaterThan(40)
    await clock.run(broker.close())
  })

  test('are all begun where they go on afterwards, a few each turn', async () => {
    const { clock, broker, work } = await busyWorld()
    let started = 0
    const handler = () => {
      work(1)
      started++
      return new Promise<undefined>(() => {})
    }
    await clock.run(
      broker.publishMany(
        orders,
        Array.from({ length: 100 }, (_, data) => ({ data })),
      ),
    )
    await clock.run(broker.subscribe(orders.subscription('billing', { timeout: '1h' }), handler, { concurrency: 100 }))
    await clock.advance(1_000)
    expect(started).toBe(100)
    await clock.run(broker.close({ drain: 0 }))
  })
})
