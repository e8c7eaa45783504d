import { lifo, priority, topic } from '@pluribus/core'
import { memoryStore } from '@pluribus/memory'
import { describe, expect, it } from 'vitest'
import { refused, world } from './kit.js'

const orders = topic<{ n: number }>('orders.placed')
const billing = orders.subscription('billing')
const handler = () => {}

async function pair() {
  const store = memoryStore()
  const one = await world({ store })
  const two = await world({ store, clock: one.clock })
  return { one: one.broker, two: two.broker, clock: one.clock, store }
}

describe('guarantee 17: one handler for a subscription in a process, one definition of it in the broker', () => {
  it('answers the same handle for the same handler, one after the other and at once', async () => {
    const { broker, clock, adapter } = await world()
    const first = await clock.run(broker.subscribe(billing, handler))
    expect(await clock.run(broker.subscribe(billing, handler))).toBe(first)
    const other = orders.subscription('other')
    const all = await clock.run(Promise.all([1, 2, 3].map(() => broker.subscribe(other, handler))))
    expect(new Set(all).size).toBe(1)
    expect(adapter.calls('open')).toBe(2)
  })

  it('answers the same handle for an equal subscription, made again', async () => {
    const { broker, clock } = await world()
    const first = await clock.run(broker.subscribe(billing, handler))
    const again = topic<{ n: number }>('orders.placed').subscription('billing')
    expect(await clock.run(broker.subscribe(again, handler))).toBe(first)
  })

  it('refuses another handler with CONFLICT, also at once', async () => {
    const { broker, clock } = await world()
    await clock.run(broker.subscribe(billing, handler))
    expect(await clock.run(refused(broker.subscribe(billing, () => {})))).toMatchObject({
      code: 'CONFLICT',
      retryable: false,
    })
    const other = orders.subscription('other')
    const [first, second] = await clock.run(
      Promise.allSettled([broker.subscribe(other, handler), broker.subscribe(other, () => {})]),
    )
    expect(first?.status).toBe('fulfilled')
    expect(second).toMatchObject({ status: 'rejected', reason: { code: 'CONFLICT' } })
  })

  it('takes another handler after the first consumer was closed', async () => {
    const { broker, clock } = await world()
    const first = await clock.run(broker.subscribe(billing, handler))
    await clock.run(first.close())
    expect(await clock.run(broker.subscribe(billing, () => {}))).not.toBe(first)
  })

  it('lets another process have another handler', async () => {
    const { one, two, clock } = await pair()
    await clock.run(one.subscribe(billing, handler))
    await clock.run(two.subscribe(billing, () => {}))
  })

  it.each([
    ['discipline', orders.subscription('billing', { discipline: lifo() })],
    ['levels', orders.subscription('billing', { discipline: priority({ levels: 3 }) })],
    ['partitions', topic<{ n: number }>('orders.placed', { partitions: 4 }).subscription('billing')],
  ])('refuses a stored subscription of another %s with CONFLICT, wherever it is declared', async (what, different) => {
    const { one, two, clock } = await pair()
    const original =
      what === 'levels' ? orders.subscription('billing', { discipline: priority({ levels: 5 }) }) : billing
    await clock.run(one.subscribe(original, handler))
    for (const broker of [one, two]) {
      const error = await clock.run(refused(broker.declare(different)))
      expect(error).toMatchObject({ code: 'CONFLICT', retryable: false })
      expect(error.details.setting).toMatch(/partitions|discipline/)
      expect(error.message).toMatch(/orders\.placed/)
    }
    expect(await clock.run(refused(two.subscribe(different, handler)))).toMatchObject({ code: 'CONFLICT' })
    // The same handler does not make it the same subscription.
    expect(await clock.run(refused(one.subscribe(different, handler)))).toMatchObject({ code: 'CONFLICT' })
  })

  it('refuses to publish to a stored topic of other partitions: definite, in another process as in this one', async () => {
    const { one, two, clock } = await pair()
    const partitioned = topic<{ n: number }>('orders.placed', { partitions: 4 })
    await clock.run(one.publish(orders, { n: 1 }))
    for (const broker of [two, one]) {
      expect(await clock.run(refused(broker.publish(partitioned, { n: 2 })))).toMatchObject({
        code: 'CONFLICT',
        outcome: 'definite',
      })
    }
    await clock.run(one.publish(orders, { n: 3 }))
    await clock.run(two.publish(orders, { n: 4 }))
  })

  it('fails only what goes to the topic in conflict', async () => {
    const { one, two, clock } = await pair()
    await clock.run(one.publish(orders, { n: 1 }))
    const partitioned = topic<{ n: number }>('orders.placed', { partitions: 4 })
    const others = ['a', 'b'].map(name => topic<{ n: number }>(`orders.${name}`))
    const publishing = [others[0], partitioned, others[1]].map(to => two.publish(to as typeof orders, { n: 2 }))
    const [a, conflict, b] = await clock.run(Promise.allSettled(publishing))
    expect([a?.status, b?.status]).toEqual(['fulfilled', 'fulfilled'])
    expect(conflict).toMatchObject({ reason: { code: 'CONFLICT', outcome: 'definite' } })
  })

  it('refuses one declaration that contradicts itself', async () => {
    const { one } = await pair()
    const partitioned = topic<{ n: number }>('orders.placed', { partitions: 4 })
    expect(await refused(one.declare(orders, partitioned))).toMatchObject({ code: 'CONFLICT' })
  })

  it('overwrites every other setting, with an event for each', async () => {
    const { one, two, clock } = await pair()
    await clock.run(one.subscribe(billing, handler))
    const changes: unknown[] = []
    two.on('setting.changed', change => void changes.push(change))
    const changed = topic<{ n: number }>('orders.placed', { retention: { age: '1d' } }).subscription('billing', {
      retry: { attempts: 9, delays: ['2s'] },
      timeout: '9s',
      grace: '8s',
    })
    await clock.run(two.subscribe(changed, handler))
    const settings = changes.map(change => (change as { setting: string }).setting)
    expect(settings.join(' ')).toMatch(/retention/)
    expect(settings.join(' ')).toMatch(/timeout/)
    expect(settings.join(' ')).toMatch(/grace/)
    expect(settings.join(' ')).toMatch(/retry|attempts/)
    expect(changes).toContainEqual({
      topic: 'orders.placed',
      subscription: 'billing',
      setting: 'timeout',
      from: 5_000,
      to: 9_000,
    })
    changes.length = 0
    await clock.run(two.declare(changed))
    expect(changes).toEqual([])
  })

  it('declares again on every connection: a server that was wiped has everything back', async () => {
    const { broker, clock, adapter } = await world()
    await clock.run(broker.publish(orders, { n: 1 }))
    const declared = adapter.calls('declare')
    adapter.cut()
    await clock.run(broker.publish(orders, { n: 2 }))
    expect(adapter.calls('declare')).toBe(declared + 1)
  })
})
