import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { BUCKETS, DELAY_TICK, nextBucket } from '../../src/testing/sim-log/delay-buckets.js'
import { orders, range, World } from './kit.js'

const billing = orders.subscription('billing')

describe('sim-log: delayed messages', () => {
  test('the buckets of a delay add up to it, rounded up to the tick, longest first', () => {
    const property = fc.property(fc.integer({ min: 1, max: 400 * 86_400_000 }), delay => {
      let sum = 0
      let before = BUCKETS
      for (let left = delay; left > 0; ) {
        const next = nextBucket(left)
        expect(next.bucket).toBeLessThan(before)
        sum += next.wait
        left = next.left
        before = next.bucket
      }
      expect(sum).toBe(Math.ceil(delay / DELAY_TICK) * DELAY_TICK)
    })
    fc.assert(property)
  })

  test('come when they are due, not before, and little later; equal delays in the order of publishing', async () => {
    const world = new World()
    const process = await world.start()
    await world.run(process.broker.subscribe(billing, world.recorder.handler()))
    const due = new Map<string, number>()
    for (const [id, delay] of [
      ['a', 10_000],
      ['b', 10_000],
      ['c', 10_000],
      ['soon', 120],
      ['hour', 3_600_000],
      ['odd', 1_234],
    ] as const) {
      await world.run(process.broker.publish(orders, 0, { id, delay }))
      due.set(id, world.clock.monotonic() + delay)
    }
    await world.clock.advance(4_000_000)
    expect(world.recorder.ids()).toEqual(['soon', 'odd', 'a', 'b', 'c', 'hour'])
    for (const { id, startedAt } of world.recorder.runs) {
      const late = startedAt - (due.get(id) as number)
      // A reply has taken up to three milliseconds: the message was stored before its receipt.
      expect(late).toBeGreaterThanOrEqual(-3)
      expect(late).toBeLessThan(DELAY_TICK + 100)
    }
    await world.end()
  })

  test('come although whoever published them is gone, and through crashes, at least once', async () => {
    const world = new World({ faults: { lostReplies: 0.05 }, sessionTimeout: 3_000 })
    const first = await world.start()
    const consumer = await world.start()
    await world.run(consumer.broker.subscribe(billing, world.recorder.handler()))
    const confirmed: string[] = []
    for (const id of range(20)) {
      const publishing = first.broker.publish(orders, 0, { id, delay: Number(id) * 1_000 })
      // What is not confirmed may be stored or not, as its error says.
      await world.run(
        publishing.then(
          () => confirmed.push(id),
          () => {},
        ),
      )
    }
    first.adapter.kill()
    await world.clock.advance(5_000)
    world.server.crash()
    await world.clock.advance(2_000)
    world.server.restart()
    await world.clock.advance(120_000)
    const seen = new Set(world.recorder.ids())
    expect(confirmed.filter(id => !seen.has(id))).toEqual([])
    expect(confirmed.length).toBeGreaterThan(15)
    await world.end()
  })
})
