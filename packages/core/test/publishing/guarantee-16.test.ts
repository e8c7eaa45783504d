import { AsyncLocalStorage } from 'node:async_hooks'
import { type Broker, type Context, type Message, topic } from '@pluribus/core'
import type { StoredMessage } from '@pluribus/core/driver'
import { describe, expect, it } from 'vitest'
import { type World, world } from './kit.js'

const orders = topic<{ n: number }>('orders.placed')
const effects = topic<{ from: string }>('effects.happened')
const billing = orders.subscription('billing')

interface Way {
  readonly name: string
  readonly publish: (broker: Broker, context: Context, clock: World['clock']) => unknown
}

const data = { from: 'handler' }
const WAYS: readonly Way[] = [
  { name: 'broker.publish in a synchronous handler', publish: broker => void broker.publish(effects, data) },
  { name: 'broker.publish, awaited', publish: async broker => void (await broker.publish(effects, data)) },
  {
    name: 'after an await',
    publish: async (broker, _, clock) => {
      await clock.sleep(20)
      await broker.publish(effects, data)
    },
  },
  {
    name: 'from a timer',
    publish: (broker, _, clock) =>
      new Promise<void>(resolve => {
        clock.timers.setTimeout(() => broker.publish(effects, data).then(() => resolve()), 20)
      }),
  },
  {
    name: 'from a real timer of the platform',
    publish: broker =>
      new Promise<void>(resolve => setImmediate(() => void broker.publish(effects, data).then(() => resolve()))),
  },
  {
    name: 'from nested functions and Promise.all',
    publish: async broker => {
      const deep = async (levels: number): Promise<unknown> =>
        levels === 0 ? broker.publish(effects, data) : Promise.all([deep(levels - 1)])
      await deep(5)
    },
  },
  { name: 'broker.publishMany', publish: async broker => void (await broker.publishMany(effects, [{ data }])) },
  { name: 'context.publish', publish: async (_, context) => void (await context.publish(effects, data)) },
  { name: 'context.publishMany', publish: async (_, context) => void (await context.publishMany(effects, [{ data }])) },
]

describe('guarantee 16: publishing inside a handler carries the chain by itself', () => {
  it.each(WAYS)('$name', async ({ publish }) => {
    const { broker, clock, stored } = await world()
    await clock.run(broker.subscribe(billing, (_, context) => publish(broker, context, clock) as undefined))
    await clock.run(broker.publish(orders, { n: 1 }, { id: 'root' }))
    await clock.advance(100)
    expect(await stored(effects)).toMatchObject([{ causationId: 'root', correlationId: 'root' }])
  })

  it('goes on over generations: the cause is the parent, the correlation the root', async () => {
    const { broker, clock, stored } = await world()
    const chain = [0, 1, 2, 3].map(n => topic<{ n: number }>(`chain.step-${n}`))
    const seen: Message<unknown>[] = []
    for (const [n, step] of chain.entries()) {
      const next = chain[n + 1]
      const handler = async (message: Message<{ n: number }>) => {
        seen.push(message)
        if (next !== undefined) await broker.publish(next, { n }, { id: `m${n + 1}` })
      }
      await clock.run(broker.subscribe(step.subscription('next'), handler))
    }
    await clock.run(broker.publish(chain[0] as (typeof chain)[number], { n: 0 }, { id: 'm0' }))
    await clock.until(() => seen.length === 4)
    expect(seen.map(({ id, causationId, correlationId }) => [id, causationId, correlationId])).toEqual([
      ['m0', undefined, 'm0'],
      ['m1', 'm0', 'm0'],
      ['m2', 'm1', 'm0'],
      ['m3', 'm2', 'm0'],
    ])
    expect((await stored({ name: 'chain.step-0' }))[0]).toMatchObject({
      correlationId: undefined,
      causationId: undefined,
    })
  })

  it('keeps concurrent handlers apart', async () => {
    const { broker, clock, stored } = await world()
    const handler = async (message: Message<{ n: number }>) => {
      await clock.sleep((message.data.n * 37) % 11)
      await broker.publish(effects, { from: message.id })
      await clock.sleep((message.data.n * 13) % 7)
      await broker.publish(effects, { from: message.id })
    }
    await clock.run(broker.subscribe(billing, handler, { concurrency: 50 }))
    const batch = Array.from({ length: 50 }, (_, n) => ({ data: { n }, id: `m${n}` }))
    await clock.run(broker.publishMany(orders, batch))
    await clock.advance(1_000)
    const found = await stored(effects)
    expect(found).toHaveLength(100)
    for (const message of found) expect(message.causationId).toBe(from(message))
  })

  it('keeps synchronous handlers apart, which run one after the other in one turn', async () => {
    const { broker, clock, stored } = await world()
    await clock.run(broker.subscribe(billing, message => void broker.publish(effects, { from: message.id })))
    await clock.run(
      broker.publishMany(
        orders,
        Array.from({ length: 300 }, (_, n) => ({ data: { n }, id: `m${n}` })),
      ),
    )
    await clock.advance(1_000)
    const found = await stored(effects)
    expect(found).toHaveLength(300)
    for (const message of found) expect(message.causationId).toBe(from(message))
  })

  it('keeps apart what synchronous handlers of one turn leave behind to go on by itself', async () => {
    const { broker, clock, stored } = await world()
    const publish = async (message: Message<{ n: number }>) =>
      void (await broker.publish(effects, { from: message.id }))
    const waysOn = [
      (message: Message<{ n: number }>) => void setImmediate(() => publish(message)),
      (message: Message<{ n: number }>) => void clock.timers.setTimeout(() => publish(message), 20),
      (message: Message<{ n: number }>) => queueMicrotask(() => publish(message)),
      (message: Message<{ n: number }>) => void Promise.resolve().then(() => publish(message)),
      (message: Message<{ n: number }>) => void clock.sleep(message.data.n % 7).then(() => publish(message)),
    ]
    await clock.run(broker.subscribe(billing, message => waysOn[message.data.n % waysOn.length]?.(message)))
    const batch = Array.from({ length: 300 }, (_, n) => ({ data: { n }, id: `m${n}` }))
    await clock.run(broker.publishMany(orders, batch))
    await clock.advance(1_000)
    await clock.run(new Promise(resolve => setImmediate(resolve)))
    const found = await stored(effects)
    expect(found).toHaveLength(300)
    for (const message of found) expect(message.causationId).toBe(from(message))
  })

  it('reaches what a handler has returned to be begun by whoever waits for it', async () => {
    const { broker, clock, stored } = await world()
    const query = () => ({
      // biome-ignore lint/suspicious/noThenProperty: query builders are such, and do their work only when they are awaited.
      then: (done: () => void) => void broker.publish(effects, data).then(done),
    })
    await clock.run(broker.subscribe(billing, () => query() as unknown as Promise<undefined>))
    await clock.run(broker.publish(orders, { n: 1 }, { id: 'root' }))
    await clock.advance(100)
    expect(await stored(effects)).toMatchObject([{ causationId: 'root' }])
  })

  it('leaves other async contexts alone: handlers have that of who subscribed, not of who happened to publish', async () => {
    const { broker, clock } = await world()
    const tenant = new AsyncLocalStorage<string>()
    const seen: (string | undefined)[] = []
    await tenant.run('subscriber', () => clock.run(broker.subscribe(billing, () => void seen.push(tenant.getStore()))))
    const batch = Array.from({ length: 3 }, (_, n) => ({ data: { n } }))
    await tenant.run('publisher', () => clock.run(broker.publishMany(orders, batch)))
    await clock.until(() => seen.length === 3)
    expect(seen).toEqual(['subscriber', 'subscriber', 'subscriber'])
  })

  it('is over after the handler: what is published outside has no cause', async () => {
    const { broker, clock, stored } = await world()
    let runs = 0
    await clock.run(broker.subscribe(billing, () => void runs++))
    await clock.run(broker.publish(orders, { n: 1 }))
    await clock.until(() => runs === 1)
    await clock.run(broker.publish(effects, { from: 'outside' }))
    // In the same turn in which a synchronous handler is run.
    const both = Promise.all([broker.publish(orders, { n: 2 }), broker.publish(effects, { from: 'outside' })])
    await clock.run(both)
    await clock.until(() => runs === 2)
    for (const message of await stored(effects)) {
      expect(message).toMatchObject({ causationId: undefined, correlationId: undefined })
    }
  })

  it('is over also after a synchronous handler has thrown', async () => {
    const { broker, clock, stored } = await world()
    const failing = orders.subscription('failing', { retry: { attempts: 1 } })
    let runs = 0
    await clock.run(
      broker.subscribe(failing, () => {
        runs++
        throw new Error('no')
      }),
    )
    await clock.run(broker.publish(orders, { n: 1 }))
    await clock.until(() => runs === 1)
    await clock.run(broker.publish(effects, { from: 'outside' }))
    expect((await stored(effects))[0]?.causationId).toBeUndefined()
  })

  it('gives way to explicit ids, each by itself', async () => {
    const { broker, clock, stored } = await world()
    await clock.run(
      broker.subscribe(billing, async (_, context) => {
        await broker.publish(effects, data, { correlationId: 'mine' })
        await context.publish(effects, data, { causationId: 'mine' })
        await broker.publishMany(effects, [{ data, correlationId: 'c', causationId: 'd' }, { data }])
      }),
    )
    await clock.run(broker.publish(orders, { n: 1 }, { id: 'root' }))
    await clock.advance(100)
    expect((await stored(effects)).map(({ causationId, correlationId }) => [causationId, correlationId])).toEqual([
      ['root', 'mine'],
      ['mine', 'root'],
      ['d', 'c'],
      ['root', 'root'],
    ])
  })

  it('takes explicit ids outside of handlers, and hands the correlation on', async () => {
    const { broker, clock, stored } = await world()
    await clock.run(broker.subscribe(billing, () => void broker.publish(effects, data)))
    await clock.run(broker.publish(orders, { n: 1 }, { id: 'a', correlationId: 'trace-7', causationId: 'click-3' }))
    await clock.advance(100)
    expect((await stored(orders))[0]).toMatchObject({ correlationId: 'trace-7', causationId: 'click-3' })
    expect((await stored(effects))[0]).toMatchObject({ correlationId: 'trace-7', causationId: 'a' })
  })

  it('crosses brokers: a handler of one publishes through another', async () => {
    const one = await world()
    const two = await world({ clock: one.clock })
    await one.clock.run(one.broker.subscribe(billing, async () => void (await two.broker.publish(effects, data))))
    await one.clock.run(one.broker.publish(orders, { n: 1 }, { id: 'root' }))
    await one.clock.advance(100)
    expect(await two.stored(effects)).toMatchObject([{ causationId: 'root' }])
  })

  it('does not make a handler the cause of what observers publish', async () => {
    const { broker, clock, stored, adapter } = await world()
    broker.on('connection.down', () => void broker.publish(effects, { from: 'down' }))
    broker.on('connection.up', () => void broker.publish(effects, { from: 'up' }))
    broker.on('message.published', ({ topic: name }) => {
      if (name === orders.name) void broker.publish(effects, { from: 'published' })
    })
    await clock.run(
      broker.subscribe(billing, async message => {
        if (message.data.n > 1) return
        adapter.cut()
        await broker.publish(orders, { n: 2 }, { id: 'inside' })
      }),
    )
    await clock.run(broker.publish(orders, { n: 1 }))
    await clock.advance(1_000)
    const found = await stored(effects)
    expect(found.map(from).sort()).toEqual(expect.arrayContaining(['down', 'published', 'up']))
    for (const message of found) expect([from(message), message.causationId]).toEqual([from(message), undefined])
  })
})

const from = ({ payload }: StoredMessage): string => JSON.parse(payload as string).from
