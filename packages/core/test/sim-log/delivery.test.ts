import { type Context, type Message, priority, reject, retry } from '@pluribus/core'
import { describe, expect, test } from 'vitest'
import { orders, range, World } from './kit.js'

describe('sim-log: delivery', () => {
  test('everything published is handled once, in order', async () => {
    const world = new World()
    const process = await world.start()
    const billing = orders.subscription('billing')
    await world.publish(process, 50)
    await world.run(
      process.broker.subscribe(
        billing,
        world.recorder.handler(() => world.clock.sleep(3)),
        { concurrency: 4 },
      ),
    )
    await world.publish(process, 300, { from: 51 })
    await world.clock.advance(10_000)
    expect(world.recorder.ids()).toEqual(range(300))
    await world.end()
  })

  test('a retry without a key comes back after its delay, one attempt higher, and dies after the last with every error', async () => {
    const world = new World()
    const process = await world.start()
    const billing = orders.subscription('billing', { retry: { attempts: 3, delays: ['1s', '2s'] } })
    const handler = world.recorder.handler((message: Message<number>, { attempt }: Context) => {
      if (message.data === 2) throw new Error(`run ${attempt}`)
    })
    await world.run(process.broker.subscribe(billing, handler))
    await world.publish(process, 3)
    await world.clock.advance(10_000)
    expect(world.recorder.runsOf('2').map(run => run.attempt)).toEqual([1, 2, 3])
    const [first, second, third] = world.recorder.runsOf('2').map(run => run.startedAt)
    expect((second as number) - (first as number)).toBeGreaterThanOrEqual(1_000)
    expect((third as number) - (second as number)).toBeGreaterThanOrEqual(2_000)
    expect((third as number) - (first as number)).toBeLessThan(3_050)
    const [dead, ...others] = await world.dead(process, billing)
    expect(others).toEqual([])
    expect(dead?.errors.map(error => error.message)).toEqual(['run 1', 'run 2', 'run 3'])
    expect(dead).toMatchObject({ reason: 'EXHAUSTED', attempts: 3, message: { id: '2' } })
    expect((await world.run(process.broker.counts(billing))).dead).toBe(1)
    await world.end()
  })

  test('a redriven message runs again as if it were new, in its subscription only', async () => {
    const world = new World()
    const process = await world.start()
    const billing = orders.subscription('billing')
    const shipping = orders.subscription('shipping')
    let isMended = false
    const handler = world.recorder.handler((message: Message<number>) =>
      message.data === 1 && !isMended ? reject('NO') : undefined,
    )
    const other = world.recorder.handler(() => undefined, { process: 'shipping' })
    await world.run(process.broker.subscribe(billing, handler))
    await world.run(process.broker.subscribe(shipping, other))
    await world.publish(process, 2)
    await world.clock.advance(1_000)
    isMended = true
    expect(await world.run(process.broker.redrive(billing, { ids: ['1', '7'] }))).toEqual({
      redriven: 1,
      missing: ['7'],
    })
    await world.clock.advance(1_000)
    expect(world.recorder.runs.filter(run => run.process === 'shipping').map(run => run.id)).toEqual(['1', '2'])
    expect(world.recorder.runs.filter(run => run.process !== 'shipping').map(run => [run.id, run.attempt])).toEqual([
      ['1', 1],
      ['2', 1],
      ['1', 1],
    ])
    expect(await world.dead(process, billing)).toEqual([])
    await world.end()
  })

  test('messages of a key stay in order through retries, while others pass', async () => {
    const world = new World()
    const process = await world.start()
    const billing = orders.subscription('billing', { retry: { attempts: 5, delays: [500] } })
    const handler = world.recorder.handler(async (message: Message<number>, { attempt }: Context) => {
      await world.clock.sleep(message.data % 4)
      return message.data % 6 === 0 && attempt <= 2 ? retry() : undefined
    })
    await world.run(process.broker.subscribe(billing, handler, { concurrency: 8 }))
    await world.publish(process, 120, { key: n => `k${n % 6 === 0 ? 'failing' : n % 6}` })
    await world.clock.advance(60_000)
    expect(world.recorder.overlapping('key')).toEqual([])
    for (const key of ['kfailing', 'k1', 'k5']) {
      const ids = world.recorder.runs.filter(run => run.key === key).map(run => Number(run.id))
      expect(ids).toEqual([...ids].sort((a, b) => a - b))
      expect(new Set(ids).size).toBe(20)
    }
    const calm = world.recorder.runs.filter(run => run.key === 'k1')
    expect(calm.at(-1)?.endedAt).toBeLessThan(1_000)
    await world.end()
  })

  test('priority is ordered within what has been fetched, equals in order, and the order of a key wins', async () => {
    const world = new World()
    const process = await world.start()
    const express = orders.subscription('express', { discipline: priority({ levels: 10, atLeast: 'windowed' }) })
    await world.run(process.broker.declare(express))
    for (const [id, urgency, key] of [
      ['a0', 0, undefined],
      ['k0', 0, 'k'],
      ['k9', 9, 'k'],
      ['a5', 5, undefined],
      ['b5', 5, undefined],
      ['a9', 9, undefined],
    ] as const) {
      await world.run(process.broker.publish(orders, 0, { id, priority: urgency, ...(key ? { key } : {}) }))
    }
    const consumer = await world.run(
      process.broker.subscribe(
        express,
        world.recorder.handler(() => world.clock.sleep(100)),
      ),
    )
    await world.clock.advance(5_000)
    // The first pull finds what has arrived by then: one batch has.
    expect(world.recorder.ids()).toEqual(['a9', 'a5', 'b5', 'a0', 'k0', 'k9'])
    expect(consumer.state).toBe('consuming')
    await world.end()
  })
})
