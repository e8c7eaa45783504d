import { type Context, type Message, reject, retry, topic } from '@pluribus/core'
import { describe, expect, test } from 'vitest'
import { range, World } from './consume-kit.js'

const orders = topic<number>('orders.placed')

describe('guarantee 3: delivery state belongs to message and subscription', () => {
  test('a retry, a dead letter and a redrive in one are invisible to the other', async () => {
    const world = new World()
    const process = await world.start()
    const failing = orders.subscription('failing', { retry: { attempts: 2, delays: ['1s'] } })
    const calm = orders.subscription('calm')
    let isMended = false
    const fail = () => {
      if (!isMended) throw new Error('not yet')
    }
    await world.run(process.broker.subscribe(failing, world.recorder.handler(fail, { subscription: 'failing' })))
    await world.run(process.broker.subscribe(calm, world.recorder.handler(undefined, { subscription: 'calm' })))
    await world.publish(process, orders, 3)
    await world.clock.advance(5_000)
    const runs = (subscription: string) =>
      world.recorder.runs.filter(run => run.subscription === subscription).map(run => `${run.id}/${run.attempt}`)
    expect(runs('failing')).toEqual(['1/1', '2/1', '3/1', '1/2', '2/2', '3/2'])
    expect(runs('calm')).toEqual(['1/1', '2/1', '3/1'])
    expect(await world.run(process.broker.counts(failing))).toMatchObject({ dead: 3, waiting: 0 })
    expect(await world.run(process.broker.counts(calm))).toMatchObject({ dead: 0, waiting: 0, leased: 0, retrying: 0 })
    isMended = true
    expect(await world.run(process.broker.redrive(failing))).toMatchObject({ redriven: 3 })
    await world.clock.advance(5_000)
    expect(runs('failing').slice(6)).toEqual(['1/1', '2/1', '3/1'])
    expect(runs('calm')).toHaveLength(3)
    await world.end()
  })
})

describe('guarantee 4: attempts', () => {
  for (const attempts of [1, 2, 3, 5]) {
    test(`attempts: ${attempts} allows ${attempts} failed runs, numbered from 1`, async () => {
      const world = new World()
      const process = await world.start()
      const billing = orders.subscription('billing', { retry: { attempts, delays: [100] } })
      const handler = world.recorder.handler(async () => {
        throw new Error('always')
      })
      await world.run(process.broker.subscribe(billing, handler))
      await world.publish(process, orders, 1)
      await world.clock.advance(60_000)
      expect(world.recorder.runs.map(run => run.attempt)).toEqual(range(attempts).map(Number))
      const [letter] = await world.dead(process, billing)
      expect(letter).toMatchObject({ reason: 'EXHAUSTED', attempts, losses: 0 })
      expect(letter?.errors.map(error => `${error.attempt}: ${error.message}`)).toEqual(
        range(attempts).map(n => `${n}: always`),
      )
      await world.end()
    })
  }

  test('a timeout, a throw and an outcome `retry` are failed runs alike', async () => {
    const world = new World()
    const process = await world.start()
    const billing = orders.subscription('billing', { retry: { attempts: 4, delays: [0] }, timeout: 50 })
    const ways = [
      () => world.clock.sleep(60),
      () => {
        throw new Error('sync')
      },
      async () => retry(),
      () => retry({ reason: 'sync' }),
    ]
    const handler = world.recorder.handler((_: Message<number>, { attempt }: Context) => ways[attempt - 1]?.())
    await world.run(process.broker.subscribe(billing, handler))
    await world.publish(process, orders, 1)
    await world.clock.advance(10_000)
    expect(world.recorder.runs.map(run => run.attempt)).toEqual([1, 2, 3, 4])
    const [letter] = await world.dead(process, billing)
    expect(letter?.errors.map(error => error.code ?? error.name)).toEqual(['TIMEOUT', 'Error', 'RETRY', 'sync'])
    await world.end()
  })

  test('the ladder is kept to the millisecond, and its last delay repeats', async () => {
    const world = new World()
    const process = await world.start()
    const billing = orders.subscription('billing', { retry: { attempts: 7, delays: ['100ms', '1s', '5s', '30s'] } })
    const handler = world.recorder.handler(() => {
      throw new Error('always')
    })
    await world.run(process.broker.subscribe(billing, handler))
    await world.publish(process, orders, 1)
    await world.clock.advance(300_000)
    const starts = world.recorder.runs.map(run => run.startedAt)
    expect(starts.slice(1).map((at, index) => at - (starts[index] as number))).toEqual([
      100, 1_000, 5_000, 30_000, 30_000, 30_000,
    ])
    await world.end()
  })

  test('no delays at all means at once', async () => {
    const world = new World()
    const process = await world.start()
    const billing = orders.subscription('billing', { retry: { attempts: 3, delays: [] } })
    const handler = world.recorder.handler(() => retry())
    await world.run(process.broker.subscribe(billing, handler))
    await world.publish(process, orders, 1)
    await world.clock.settle()
    expect(world.recorder.runs.map(run => run.attempt)).toEqual([1, 2, 3])
    await world.end()
  })

  test('retry({ after }) replaces the delay of the ladder, and counts', async () => {
    const world = new World()
    const process = await world.start()
    const billing = orders.subscription('billing', { retry: { attempts: 3, delays: ['1s'] } })
    const outcomes = [retry({ after: '7s' }), retry({ after: 0 }), retry({ after: '1h' })]
    const handler = world.recorder.handler((_: Message<number>, { attempt }: Context) => outcomes[attempt - 1])
    await world.run(process.broker.subscribe(billing, handler))
    await world.publish(process, orders, 1)
    await world.clock.advance(20_000)
    const [first, second, third] = world.recorder.runs.map(run => run.startedAt) as [number, number, number]
    expect([second - first, third - second]).toEqual([7_000, 0])
    expect(await world.dead(process, billing)).toHaveLength(1)
    await world.end()
  })

  test('reject dead-letters at once, with the reason that was given', async () => {
    const world = new World()
    const process = await world.start()
    const billing = orders.subscription('billing')
    await world.run(
      process.broker.subscribe(
        billing,
        world.recorder.handler(() => reject('NO_CUSTOMER')),
      ),
    )
    await world.publish(process, orders, 1)
    await world.clock.advance(1_000)
    expect(world.recorder.runs).toHaveLength(1)
    expect(await world.dead(process, billing)).toMatchObject([{ reason: 'NO_CUSTOMER', losses: 0 }])
    await world.end()
  })
})
