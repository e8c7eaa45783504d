import { type Message, reject, topic } from '@pluribus/core'
import { describe, expect, test } from 'vitest'
import { range, sorted, World } from './consume-kit.js'

const orders = topic<number>('orders.placed')
const billing = orders.subscription('billing', { retry: { attempts: 2, delays: ['1s'] } })

/** Even numbers are handled, odd ones fail for good. */
const halfFails = (message: Message<number>): void => {
  if (message.data % 2 === 1) throw new Error('odd')
}
const odd = range(10).filter(id => Number(id) % 2 === 1)

describe('guarantee 6: a dead letter is stored before its message is settled', () => {
  const FAULTS: Readonly<Record<string, (world: World) => void>> = {
    'no fault': () => {},
    'lost replies of settle': ({ processes }) => processes[0]?.adapter.loseReplies('settle', { times: 4 }),
    'settles that are never answered': ({ processes }) =>
      processes[0]?.adapter.loseReplies('settle', { times: 3, hang: true }),
    'settles that are not executed': ({ processes }) => processes[0]?.adapter.failBefore('settle', { times: 6 }),
    'settles that cut the connection': ({ processes }) =>
      processes[0]?.adapter.failBefore('settle', { times: 4, cut: true }),
    'single settlements that fail': ({ processes }) => processes[0]?.adapter.settleExceptions('failed', { times: 25 }),
  }
  for (const [name, strike] of Object.entries(FAULTS)) {
    test(`with ${name}: every message is acked or dead, none is both, none is neither`, async () => {
      const world = new World()
      const process = await world.start()
      await world.run(process.broker.declare(billing))
      await world.publish(process, orders, 10)
      strike(world)
      await world.run(process.broker.subscribe(billing, world.recorder.handler(halfFails), { concurrency: 4 }))
      await world.clock.advance(240_000)
      const letters = await world.dead(process, billing)
      expect(sorted(letters.map(({ message }) => message.id))).toEqual(odd)
      for (const letter of letters) {
        expect(letter).toMatchObject({ reason: 'EXHAUSTED', attempts: 2, subscription: 'billing' })
        expect(letter.errors.map(({ attempt, message }) => `${attempt} ${message}`)).toEqual(['1 odd', '2 odd'])
      }
      const counts = await world.run(process.broker.counts(billing))
      expect(counts).toMatchObject({ waiting: 0, leased: 0, retrying: 0, dead: 5 })
      // Exactly the failed runs that the policy allows, whatever the connection did.
      for (const id of odd) expect(world.recorder.runsOf(id).map(run => run.attempt)).toEqual([1, 2])
      await world.end()
    })
  }

  test('a process that dies before the dead letter is stored leaves the message to others', async () => {
    const world = new World()
    const process = await world.start({ steps: [{ on: 'settle', call: 1, do: 'kill' }] })
    const other = await world.start()
    await world.run(process.broker.subscribe(billing, () => reject('NO')))
    await world.publish(other, orders, 1)
    await world.until(() => process.adapter.killed)
    expect(await world.run(other.broker.counts(billing))).toMatchObject({ dead: 0, leased: 1 })
    await world.run(other.broker.subscribe(billing, () => reject('NO')))
    await world.clock.advance(60_000)
    expect(await world.dead(other, billing)).toMatchObject([{ reason: 'NO' }])
    await world.end()
  })

  test('a dead letter whose answer was lost and that is redriven is run again, not buried again', async () => {
    const world = new World()
    const process = await world.start()
    let isMended = false
    const handler = world.recorder.handler(() => (isMended ? undefined : reject('NO_CUSTOMER')))
    process.adapter.loseReplies('settle')
    await world.run(process.broker.subscribe(billing, handler))
    await world.publish(process, orders, 1)
    await world.clock.advance(5_000)
    expect(await world.dead(process, billing)).toHaveLength(1)
    isMended = true
    expect(await world.run(process.broker.redrive(billing))).toMatchObject({ redriven: 1 })
    await world.clock.advance(5_000)
    expect(world.recorder.runs).toHaveLength(2)
    expect(process.eventIds('delivery.acked')).toEqual(['1'])
    await world.end()
  })
})

describe('guarantee 12: where a new subscription starts', () => {
  test('at the earliest retained message; start-up order of publishers and subscribers does not matter', async () => {
    const world = new World()
    const publisher = await world.start()
    await world.publish(publisher, orders, 5)
    const process = await world.start()
    await world.run(process.broker.subscribe(billing, world.recorder.handler()))
    await world.run(publisher.broker.publish(orders, 6, { id: '6' }))
    await world.clock.advance(1_000)
    expect(world.recorder.ids()).toEqual(range(6))
    await world.end()
  })

  test('at the latest, a time, or a message, each decided once', async () => {
    const world = new World()
    const publisher = await world.start()
    await world.publish(publisher, orders, 3)
    await world.clock.advance(10_000)
    const noon = new Date(world.clock.now())
    await world.run(publisher.broker.publish(orders, 4, { id: '4' }))
    const starts = {
      latest: orders.subscription('latest', { from: 'latest' }),
      time: orders.subscription('time', { from: { time: noon } }),
      id: orders.subscription('id', { from: { id: '2' } }),
    }
    await world.run(publisher.broker.declare(...Object.values(starts)))
    await world.run(publisher.broker.publish(orders, 5, { id: '5' }))
    const process = await world.start()
    for (const [name, subscription] of Object.entries(starts)) {
      const handler = world.recorder.handler(undefined, { subscription: name })
      const first = await world.run(process.broker.subscribe(subscription, handler))
      await world.clock.advance(1_000)
      // Opened again, it goes on where it was.
      await world.run(first.close())
      await world.run(process.broker.subscribe(subscription, handler))
    }
    await world.clock.advance(1_000)
    const seen = (name: string) => world.recorder.runs.filter(run => run.subscription === name).map(run => run.id)
    expect([seen('latest'), seen('time'), seen('id')]).toEqual([['5'], ['4', '5'], ['2', '3', '4', '5']])
    await world.end()
  })

  test('an id that is not there is refused at once', async () => {
    const world = new World()
    const process = await world.start()
    await world.publish(process, orders, 1)
    const lost = orders.subscription('lost', { from: { id: 'nowhere' } })
    const refused = process.broker.subscribe(lost, () => undefined)
    await expect(world.run(refused, 100)).rejects.toMatchObject({ code: 'NOT_FOUND' })
    expect(world.clock.monotonic()).toBeLessThan(100)
    await world.end()
  })

  test('retention removes what is handled and old, and keeps what any subscription has not handled', async () => {
    const world = new World()
    const process = await world.start()
    const short = topic<number>('orders.short', { retention: { age: '1h' } })
    const fast = short.subscription('fast')
    const slow = short.subscription('slow')
    await world.run(process.broker.declare(slow))
    await world.run(process.broker.subscribe(fast, () => undefined))
    await world.publish(process, short, 5)
    await world.clock.advance(3 * 3_600_000)
    const kept = await world.run(Array.fromAsync(process.broker.history(short)))
    expect(kept.map(message => message.id)).toEqual(range(5))
    await world.run(process.broker.subscribe(slow, world.recorder.handler()))
    await world.clock.advance(3 * 3_600_000)
    expect(world.recorder.ids()).toEqual(range(5))
    expect(await world.run(Array.fromAsync(process.broker.history(short)))).toEqual([])
    await world.end()
  })

  test('dead letters are kept as long as they are dead', async () => {
    const world = new World()
    const process = await world.start()
    const short = topic<number>('orders.short', { retention: { age: '1h' } })
    const failing = short.subscription('failing', { retry: { attempts: 1 } })
    await world.run(process.broker.subscribe(failing, halfFails))
    await world.publish(process, short, 4)
    await world.clock.advance(6 * 3_600_000)
    expect((await world.dead(process, failing)).map(({ message }) => message.data)).toEqual([1, 3])
    await world.end()
  })
})
