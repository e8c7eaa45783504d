import { topic } from '@pluribus/core'
import type { FaultAction, FaultOperation, FaultStep } from '@pluribus/core/testing'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { range, World } from './consume-kit.js'

const orders = topic<number>('orders.placed')
const billing = orders.subscription('billing', { timeout: '10m' })

describe('guarantee 8: whatever breaks, and whenever', () => {
  const operation = fc.constantFrom<FaultOperation>('declare', 'open', 'pull', 'settle', 'renew', 'connect')
  const action = fc.constantFrom<FaultAction>('fail', 'hang', 'cut', 'lose-reply')
  const step: fc.Arbitrary<FaultStep> = fc.record({ on: operation, call: fc.integer({ min: 2, max: 12 }), do: action })
  const blow = fc.record({
    kind: fc.constantFrom('cut', 'end'),
    after: fc.integer({ min: 0, max: 400 }),
    outage: fc.constantFrom(0, 0, 10, 5_000, 35_000),
  })
  const scenario = fc.record({
    concurrency: fc.constantFrom(1, 3, 16),
    prefetch: fc.constantFrom(0, 4, 64),
    takes: fc.constantFrom(0, 1, 30, 400),
    keys: fc.constantFrom(0, 1, 5),
    steps: fc.array(step, { maxLength: 6 }),
    blows: fc.array(blow, { maxLength: 6 }),
  })
  const seed = Number(globalThis.process.env.SEED ?? Date.now() % 2 ** 31)

  test(`one process runs each message once, and begins them in order: 150 times, seed ${seed}`, {
    timeout: 60_000,
  }, async () => {
    const property = fc.asyncProperty(scenario, async ({ concurrency, prefetch, takes, keys, steps, blows }) => {
      const world = new World()
      const process = await world.start({ steps })
      const publisher = await world.start()
      await world.run(publisher.broker.declare(billing))
      const handler = world.recorder.handler(() => (takes === 0 ? undefined : world.clock.sleep(takes)))
      await world.run(process.broker.subscribe(billing, handler as never, { concurrency, prefetch }))
      await world.publish(publisher, orders, 60, keys === 0 ? undefined : n => `k${n % keys}`)
      for (const { kind, after, outage } of blows) {
        await world.clock.advance(after)
        if (kind === 'cut') await world.cut(process, outage)
        else process.adapter.endSources(undefined, { giveBack: false })
      }
      process.adapter.heal()
      // Longer than any lease, timeout or outage together.
      await world.clock.advance(200_000)
      if (keys === 0) expect(world.recorder.ids()).toEqual(range(60))
      for (let key = 0; key < keys; key++) {
        const ids = world.recorder.ids().filter(id => Number(id) % keys === key)
        expect(ids).toEqual(range(60).filter(id => Number(id) % keys === key))
      }
      await world.end()
    })
    await fc.assert(property, { numRuns: 150, seed })
  })
})
