import { createBroker, fifo, lifo, priority, type Subscription, type SubscriptionOptions, topic } from '@pluribus/core'
import type { Capabilities } from '@pluribus/core/driver'
import { describe, expect, it } from 'vitest'
import { calls, collect, refused, thrown, world } from './kit.js'

const orders = topic<{ n: number }>('orders.placed')
const named = (options: SubscriptionOptions) => orders.subscription('billing', options)
const direct = { retry: { delays: [] } }

interface Case {
  readonly capability: keyof Capabilities
  readonly narrowed: Partial<Capabilities>
  readonly subscription: Subscription<{ n: number }>
  readonly adapters: RegExp
}

const INDEX = /file, redis, postgres\./
const INDEX_AND_NATS = /file, redis, postgres, nats\./
const limits = { payload: 1_000, headers: 100, hold: 2_000 }

/** Every capability that a subscription can need, withdrawn. */
const SUBSCRIPTIONS: readonly Case[] = [
  {
    capability: 'fifo',
    narrowed: { fifo: 'windowed' },
    subscription: named({ discipline: fifo() }),
    adapters: /kafka/,
  },
  { capability: 'fifo', narrowed: { fifo: 'none' }, subscription: named({}), adapters: /rabbitmq/ },
  { capability: 'lifo', narrowed: { lifo: 'windowed' }, subscription: named({ discipline: lifo() }), adapters: INDEX },
  {
    capability: 'lifo',
    narrowed: { lifo: 'none' },
    subscription: named({ discipline: lifo({ atLeast: 'windowed' }) }),
    adapters: /kafka/,
  },
  {
    capability: 'priority',
    narrowed: { priority: 'windowed' },
    subscription: named({ discipline: priority() }),
    adapters: INDEX,
  },
  {
    capability: 'priority',
    narrowed: { priority: 'none' },
    subscription: named({ discipline: priority({ atLeast: 'windowed' }) }),
    adapters: /nats/,
  },
  {
    capability: 'priorityLevels',
    narrowed: { priorityLevels: 9 },
    subscription: named({ discipline: priority({ levels: 10 }) }),
    adapters: INDEX_AND_NATS,
  },
  { capability: 'from', narrowed: { from: ['latest'] }, subscription: named({}), adapters: /kafka/ },
  { capability: 'from', narrowed: { from: ['earliest'] }, subscription: named({ from: 'latest' }), adapters: /kafka/ },
  {
    capability: 'from',
    narrowed: { from: ['earliest'] },
    subscription: named({ from: { time: 1 } }),
    adapters: /kafka/,
  },
  {
    capability: 'from',
    narrowed: { from: ['earliest', 'time'] },
    subscription: named({ from: { id: 'a' } }),
    adapters: INDEX_AND_NATS,
  },
  {
    capability: 'limits',
    narrowed: { limits },
    subscription: named({ retry: { delays: ['1s', '3s'] } }),
    adapters: INDEX_AND_NATS,
  },
]

const PUBLISHES = [
  ['priority', { priority: 'none' }, { priority: 1 }, INDEX],
  ['priorityLevels', { priorityLevels: 4 }, { priority: 4 }, INDEX_AND_NATS],
  ['keys', { keys: 'none' }, { key: 'k' }, /kafka/],
  ['delay', { delay: 'none' }, { delay: '1s' }, /nats/],
  ['delay', { delay: 'none' }, { deliverAt: new Date() }, /nats/],
] as const

describe('guarantee 10: nothing is silently downgraded', () => {
  it.each(SUBSCRIPTIONS)(
    'subscribe() and declare() refuse for want of $capability ($narrowed), before any side effect',
    async of => {
      const { broker, clock, adapter } = await world({ script: { capabilities: of.narrowed } })
      for (const call of [() => broker.subscribe(of.subscription, () => {}), () => broker.declare(of.subscription)]) {
        const error = await clock.run(refused(call()))
        expect(error).toMatchObject({ code: 'UNSUPPORTED', outcome: 'definite', retryable: false })
        expect(error.details).toMatchObject({ capability: of.capability, adapter: 'memory' })
        expect(error.message).toContain(`capability ${of.capability}`)
        expect(error.message).toContain('the memory adapter')
        expect(error.message).toContain('orders.placed/billing')
        expect(error.message).toMatch(of.adapters)
        expect(error.details.adapters).not.toContain('memory')
        expect((error.details.adapters as string[]).length).toBeGreaterThan(1)
      }
      expect(calls(adapter)).toBe(0)
    },
  )

  it.each(SUBSCRIPTIONS)('check() lists $capability ($narrowed) without a call of the adapter', async of => {
    const { broker, adapter } = await world({ script: { capabilities: of.narrowed } })
    const refusals = broker.check(
      of.subscription,
      orders.subscription('other', { ...direct, discipline: of.subscription.spec.discipline }),
    )
    expect(refusals[0]).toMatchObject({ capability: of.capability, subject: 'orders.placed/billing' })
    expect(refusals[0]?.message).toMatch(of.adapters)
    expect(calls(adapter)).toBe(0)
  })

  it.each(SUBSCRIPTIONS)('accepts the same where $capability is there', async ({ subscription }) => {
    const { broker, clock } = await world()
    expect(broker.check(subscription)).toEqual([])
    if (!(typeof subscription.spec.from === 'object' && 'id' in subscription.spec.from)) {
      await clock.run(broker.subscribe(subscription, () => {}))
    }
  })

  it('lists every refusal of every subscription, in order', async () => {
    const narrowed = { lifo: 'none', limits, from: ['earliest'] } as const
    const { broker, adapter } = await world({ script: { capabilities: narrowed } })
    const a = orders.subscription('a', { discipline: lifo(), from: 'latest' })
    const b = orders.subscription('b', direct)
    const c = orders.subscription('c')
    expect(broker.check(a, b, c).map(({ subject, capability }) => `${subject} ${capability}`)).toEqual([
      'orders.placed/a lifo',
      'orders.placed/a limits',
      'orders.placed/a from',
      'orders.placed/c limits',
    ])
    expect(broker.check()).toEqual([])
    expect(calls(adapter)).toBe(0)
  })

  it('asks for no delayed messages where only attempts are delayed', async () => {
    const { broker } = await world({ script: { capabilities: { delay: 'none' } } })
    expect(broker.check(named({ retry: { delays: ['1s'] } }))).toEqual([])
  })

  it('takes windowed order where a subscription allows it, on windowed as on exact adapters', async () => {
    for (const offered of ['windowed', 'exact'] as const) {
      const { broker } = await world({ script: { capabilities: { lifo: offered, priority: offered } } })
      const relaxed = [lifo({ atLeast: 'windowed' }), priority({ atLeast: 'windowed' })]
      expect(broker.check(...relaxed.map(discipline => named({ discipline })))).toEqual([])
    }
  })

  it('says what a lesser adapter offers instead', async () => {
    const { broker } = await world({ script: { capabilities: { lifo: 'windowed', priorityLevels: 3 } } })
    expect(broker.check(named({ discipline: lifo() }))[0]?.message).toContain("lifo({ atLeast: 'windowed' })")
    expect(broker.check(named({ discipline: priority() }))[0]?.message).toContain('It has 3.')
  })

  it.each(PUBLISHES)(
    'publish() refuses for want of %s (%j), definite, before any side effect',
    async (capability, narrowed, options, adapters) => {
      const { broker, adapter } = await world({ script: { capabilities: narrowed } })
      const publishes = [
        broker.publish(orders, { n: 1 }, options),
        broker.publishMany(orders, [{ data: { n: 1 } }, { data: { n: 2 }, ...options }]),
      ]
      for (const error of await Promise.all(publishes.map(refused))) {
        expect(error).toMatchObject({
          code: 'UNSUPPORTED',
          outcome: 'definite',
          details: { capability, adapter: 'memory' },
        })
        expect(error.message).toMatch(adapters)
      }
      expect(calls(adapter)).toBe(0)
      const { broker: able, clock } = await world()
      await clock.run(able.publish(orders, { n: 1 }, options))
    },
  )

  it('history() refuses where nothing is kept', async () => {
    const { broker, adapter } = await world({ script: { capabilities: { history: 'none' } } })
    const error = thrown(() => broker.history(orders))
    expect(error).toMatchObject({ code: 'UNSUPPORTED', details: { capability: 'history', adapter: 'memory' } })
    expect(error.message).toMatch(/file, redis, postgres, kafka, nats/)
    expect(calls(adapter)).toBe(0)
    const { broker: able, clock } = await world()
    await clock.run(able.declare(orders))
    expect(await clock.run(collect(able.history(orders)))).toEqual([])
  })

  it('refuses what is larger than the adapter takes: payload and headers, to the byte', async () => {
    const { broker, clock, adapter } = await world({ script: { capabilities: { limits } } })
    const text = topic<string>('texts.sent', {
      codec: { contentType: 'text/plain', encode: value => value, decode: String },
    })
    for (const [size, character] of [
      [1_000, 'a'],
      [500, 'é'],
      [333, '€'],
    ] as const) {
      await clock.run(broker.publish(text, character.repeat(size)))
      const before = calls(adapter)
      expect(await refused(broker.publish(text, character.repeat(size + 1)))).toMatchObject({
        code: 'TOO_LARGE',
        outcome: 'definite',
      })
      expect(calls(adapter)).toBe(before)
    }
    await clock.run(broker.publish(text, '', { headers: { a: 'x'.repeat(99) } }))
    const before = calls(adapter)
    expect(await refused(broker.publish(text, '', { headers: { a: 'x'.repeat(100) } }))).toMatchObject({
      code: 'TOO_LARGE',
    })
    expect(calls(adapter)).toBe(before)
  })

  it('goes by what the connected server gives, not by the best case', async () => {
    const { adapter: narrow, clock } = await world({ script: { capabilities: { lifo: 'none' } } })
    const best = { ...narrow, name: 'redis', capabilities: { ...narrow.capabilities, lifo: 'exact' as const } }
    const adapter = { ...best, connect: narrow.connect.bind(narrow), classify: narrow.classify.bind(narrow) }
    const broker = await clock.run(createBroker({ adapter, environment: clock.environment(), logger: false }))
    expect(broker.capabilities.lifo).toBe('none')
    const error = await refused(broker.subscribe(named({ discipline: lifo() }), () => {}))
    expect(error.message).toMatch(/the redis adapter does not offer on this server.*memory, file, postgres\./)
  })
})
