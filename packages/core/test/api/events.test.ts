import { channel, subscribe, unsubscribe } from 'node:diagnostics_channel'
import { type BrokerEvents, type ConsumerHandle, reject, release, topic } from '@pluribus/core'
import { memoryStore } from '@pluribus/memory'
import { afterEach, describe, expect, it } from 'vitest'
import { thrown, type World, world } from '../publishing/kit.js'

type Name = keyof BrokerEvents
type Seen = { [N in Name]: BrokerEvents[N][] }

/** Every event there is: the compiler refuses a missing one. */
const EVENTS: { readonly [N in Name]: true } = {
  'connection.up': true,
  'connection.down': true,
  'connection.failed': true,
  'message.published': true,
  'message.failed': true,
  'consumer.up': true,
  'consumer.down': true,
  'consumer.closed': true,
  'delivery.started': true,
  'delivery.acked': true,
  'delivery.retried': true,
  'delivery.dead': true,
  'delivery.released': true,
  'delivery.unconfirmed': true,
  'delivery.lost': true,
  'delivery.stale': true,
  'delivery.suspect': true,
  'handler.abandoned': true,
  'setting.changed': true,
}
const NAMES = Object.keys(EVENTS) as Name[]

const empty = (): Seen => Object.fromEntries(NAMES.map(name => [name, []])) as unknown as Seen

function listen(of: World, seen = empty()): Seen {
  for (const name of NAMES) of.broker.on(name, event => void (seen[name] as unknown[]).push(event))
  return seen
}

const orders = topic<{ n: number }>('orders.placed')
const billing = orders.subscription('billing', { retry: { attempts: 2, delays: [50] }, timeout: 200, grace: 100 })
const delivery = { topic: 'orders.placed', subscription: 'billing', id: 'a', key: 'k', attempt: 1 }

/** A broker with one consumer whose handler is given, and one message. */
async function consuming(handler: (of: World, attempt: number) => unknown) {
  const of = await world()
  const seen = listen(of)
  const run = (_: unknown, { attempt }: { attempt: number }) => handler(of, attempt) as undefined
  const handle: ConsumerHandle = await of.clock.run(of.broker.subscribe(billing, run))
  await of.clock.run(of.broker.publish(orders, { n: 1 }, { id: 'a', key: 'k' }))
  return { ...of, seen, handle }
}

describe('events', () => {
  it('message.published: once per message, duplicates marked', async () => {
    const of = await world()
    const seen = listen(of)
    await of.clock.run(of.broker.publish(orders, { n: 1 }, { id: 'a' }))
    await of.clock.run(
      of.broker.publishMany(orders, [
        { data: { n: 1 }, id: 'a' },
        { data: { n: 2 }, id: 'b' },
      ]),
    )
    expect(seen['message.published']).toEqual([
      { topic: 'orders.placed', id: 'a', duplicate: false },
      { topic: 'orders.placed', id: 'a', duplicate: true },
      { topic: 'orders.placed', id: 'b', duplicate: false },
    ])
  })

  it('message.failed: the failed ones of a batch, and they alone', async () => {
    const of = await world()
    const seen = listen(of)
    of.adapter.failMessages(({ id }) => id === 'b', 'definite')
    const batch = ['a', 'b', 'c'].map(id => ({ data: { n: 1 }, id }))
    await of.clock.run(of.broker.publishMany(orders, batch).catch(() => {}))
    expect(seen['message.failed']).toMatchObject([{ topic: 'orders.placed', id: 'b', error: { outcome: 'definite' } }])
    expect(seen['message.published'].map(({ id }) => id)).toEqual(['a', 'c'])
  })

  it('connection.down, connection.failed and connection.up, with generations and delays', async () => {
    const of = await world()
    const seen = listen(of)
    of.adapter.refuse()
    of.adapter.cut()
    await of.clock.advance(400)
    of.adapter.accept()
    await of.clock.until(() => of.adapter.generation === 2)
    expect(seen['connection.down']).toMatchObject([{ generation: 1, error: { code: 'UNAVAILABLE' } }])
    expect(seen['connection.failed'].length).toBeGreaterThan(0)
    for (const { error, delay } of seen['connection.failed']) {
      expect(error.code).toBe('UNAVAILABLE')
      expect(delay).toBeGreaterThan(0)
    }
    expect(seen['connection.up']).toEqual([{ generation: 2, endpoint: 'memory:' }])
  })

  it('consumer.up and consumer.down', async () => {
    const of = await consuming(() => {})
    of.adapter.cut()
    await of.clock.until(() => of.seen['consumer.up'].length === 2)
    expect(of.seen['consumer.up'][0]).toMatchObject({ topic: 'orders.placed', subscription: 'billing' })
    expect(of.seen['consumer.down']).toMatchObject([{ subscription: 'billing', error: { name: 'PluribusError' } }])
  })

  it('consumer.closed, once', async () => {
    const of = await consuming(() => {})
    await of.clock.run(of.handle.close())
    await of.clock.run(of.broker.close())
    expect(of.seen['consumer.closed']).toEqual([{ topic: 'orders.placed', subscription: 'billing' }])
    expect(of.seen['consumer.down']).toEqual([])
  })

  it('how long a handler ran, with its outcome: of one that outlives its timeout as well', async () => {
    const { clock, seen } = await consuming(async (of, attempt) => {
      await of.clock.sleep(attempt === 1 ? 70 : 250)
      if (attempt === 1) throw new Error('no')
    })
    await clock.until(() => seen['delivery.dead'].length === 1)
    expect(seen['delivery.retried']).toMatchObject([{ duration: 70 }])
    expect(seen['delivery.dead']).toMatchObject([{ duration: 250, error: { code: 'TIMEOUT' } }])
  })

  it('delivery.started and delivery.acked', async () => {
    const { clock, seen } = await consuming(() => {})
    await clock.until(() => seen['delivery.acked'].length === 1)
    expect(seen['delivery.started']).toEqual([delivery])
    expect(seen['delivery.acked']).toEqual([{ ...delivery, duration: 0 }])
  })

  it('delivery.retried and delivery.dead, with the error', async () => {
    const { clock, seen } = await consuming(() => {
      throw new Error('no')
    })
    await clock.until(() => seen['delivery.dead'].length === 1)
    expect(seen['delivery.retried']).toMatchObject([{ ...delivery, delay: 50, error: { message: 'no', attempt: 1 } }])
    expect(seen['delivery.dead']).toMatchObject([{ ...delivery, attempt: 2, error: { message: 'no' } }])
    expect(seen['delivery.dead'][0]?.reason).toMatch(/./)
  })

  it('delivery.dead of a rejected one, with its reason', async () => {
    const { clock, seen } = await consuming(() => reject('NO_CUSTOMER'))
    await clock.until(() => seen['delivery.dead'].length === 1)
    expect(seen['delivery.dead']).toMatchObject([{ ...delivery, reason: 'NO_CUSTOMER' }])
  })

  it('delivery.released', async () => {
    let runs = 0
    const { clock, seen } = await consuming(() => (runs++ === 0 ? release() : undefined))
    await clock.until(() => seen['delivery.released'].length === 1)
    expect(seen['delivery.released']).toEqual([{ ...delivery, duration: 0 }])
  })

  it('delivery.unconfirmed, where the settle took effect and its reply was lost', async () => {
    const { clock, seen, broker } = await consuming(of => void of.adapter.loseReplies('settle'))
    await clock.until(() => seen['delivery.unconfirmed'].length === 1)
    expect(seen['delivery.unconfirmed']).toEqual([{ ...delivery, duration: 0 }])
    await clock.until(() => seen['connection.up'].length === 1)
    expect(await clock.run(broker.counts(billing))).toMatchObject({ waiting: 0, leased: 0, dead: 0 })
    expect(seen['delivery.acked']).toEqual([])
  })

  it('delivery.unconfirmed, with the error where the run had failed', async () => {
    const { clock, seen } = await consuming(of => {
      of.adapter.loseReplies('settle')
      throw new Error('no')
    })
    await clock.until(() => seen['delivery.unconfirmed'].length === 1)
    expect(seen['delivery.unconfirmed']).toMatchObject([{ ...delivery, error: { message: 'no', attempt: 1 } }])
  })

  it('delivery.lost, where the broker takes the delivery away', async () => {
    const { clock, seen, adapter } = await consuming(of => of.clock.sleep(100))
    await clock.until(() => seen['delivery.started'].length === 1)
    expect(adapter.takeLeases()).toBe(1)
    await clock.until(() => seen['delivery.lost'].length === 1)
    expect(seen['delivery.lost']).toEqual([delivery])
  })

  it('delivery.stale, where a settle comes too late', async () => {
    let runs = 0
    const { clock, seen } = await consuming(async of => {
      if (runs++ === 0) of.adapter.settleExceptions('stale')
    })
    await clock.until(() => seen['delivery.stale'].length === 1)
    expect(seen['delivery.stale']).toEqual([delivery])
  })

  it('delivery.suspect, where a message was lost twice', async () => {
    const store = memoryStore()
    let clock: World['clock'] | undefined
    for (let life = 0; life < 2; life++) {
      const of: World = await world({ store, lease: 1_000, ...(clock === undefined ? {} : { clock }) })
      clock = of.clock
      let isStarted = false
      await clock.run(
        of.broker.subscribe(billing, () => {
          isStarted = true
          of.adapter.kill()
          return new Promise(() => {})
        }),
      )
      if (life === 0) await of.clock.run(of.broker.publish(orders, { n: 1 }, { id: 'a', key: 'k' }))
      await clock.until(() => isStarted)
      await clock.advance(2_000)
    }
    const of = await world({ store, lease: 1_000, ...(clock === undefined ? {} : { clock }) })
    const seen = listen(of)
    await of.clock.run(of.broker.subscribe(billing, () => {}))
    await of.clock.until(() => seen['delivery.acked'].length === 1)
    expect(seen['delivery.suspect']).toMatchObject([{ ...delivery, losses: 2, marks: 0 }])
  })

  it('handler.abandoned, where a handler outlives timeout and grace', async () => {
    const { clock, seen } = await consuming(() => new Promise(() => {}))
    await clock.until(() => seen['handler.abandoned'].length === 1)
    expect(seen['handler.abandoned']).toEqual([delivery])
  })

  it('setting.changed', async () => {
    const of = await world()
    const seen = listen(of)
    await of.clock.run(of.broker.declare(billing))
    await of.clock.run(
      of.broker.declare(
        orders.subscription('billing', { retry: { attempts: 2, delays: [50] }, timeout: 300, grace: 100 }),
      ),
    )
    expect(seen['setting.changed']).toEqual([
      { topic: 'orders.placed', subscription: 'billing', setting: 'timeout', from: 200, to: 300 },
    ])
  })
})

describe('diagnostics_channel', () => {
  const stops: (() => void)[] = []
  afterEach(() => {
    for (const stop of stops.splice(0)) stop()
  })

  it('has every event under `pluribus:` and its name, the first connection.up included', async () => {
    const heard: [string, unknown][] = []
    for (const name of NAMES) {
      const hear = (event: unknown) => void heard.push([name, event])
      subscribe(`pluribus:${name}`, hear)
      stops.push(() => void unsubscribe(`pluribus:${name}`, hear))
      expect(channel(`pluribus:${name}`).hasSubscribers).toBe(true)
    }
    const of = await world()
    expect(heard).toEqual([['connection.up', { generation: 1, endpoint: 'memory:' }]])
    await of.clock.run(of.broker.subscribe(billing, () => {}))
    await of.clock.run(of.broker.publish(orders, { n: 1 }, { id: 'a', key: 'k' }))
    await of.clock.advance(100)
    const names = heard.map(([name]) => name)
    expect(names).toEqual(['connection.up', 'consumer.up', 'message.published', 'delivery.started', 'delivery.acked'])
    expect(heard.at(-1)?.[1]).toEqual({ ...delivery, duration: 0 })
  })
})

describe('on()', () => {
  it('stops when told so, each listener by itself, and stopping twice does no harm', async () => {
    const of = await world()
    const seen: number[] = []
    const same = () => void seen.push(1)
    const stops = [of.broker.on('message.published', same), of.broker.on('message.published', same)]
    await of.clock.run(of.broker.publish(orders, { n: 1 }))
    expect(seen).toHaveLength(2)
    stops[0]?.()
    stops[0]?.()
    await of.clock.run(of.broker.publish(orders, { n: 1 }))
    expect(seen).toHaveLength(3)
    stops[1]?.()
    await of.clock.run(of.broker.publish(orders, { n: 1 }))
    expect(seen).toHaveLength(3)
  })

  it('bears listeners that throw, reject, stop themselves or add others: publishing and the others go on', async () => {
    const of = await world()
    const seen: string[] = []
    const unhandled: unknown[] = []
    const listener = (reason: unknown) => void unhandled.push(reason)
    process.on('unhandledRejection', listener)
    of.broker.on('message.published', () => {
      throw new Error('listener')
    })
    of.broker.on('message.published', async () => {
      throw new Error('async listener')
    })
    const stop = of.broker.on('message.published', () => {
      stop()
      seen.push('once')
      of.broker.on('message.published', () => void seen.push('added'))
    })
    of.broker.on('message.published', ({ id }) => void seen.push(id))
    await of.clock.run(of.broker.publish(orders, { n: 1 }, { id: 'a' }))
    expect(seen).toEqual(['once', 'a'])
    await of.clock.run(of.broker.publish(orders, { n: 1 }, { id: 'b' }))
    expect(seen).toEqual(['once', 'a', 'b', 'added'])
    await new Promise(resolve => setImmediate(resolve))
    process.off('unhandledRejection', listener)
    expect(unhandled).toEqual([])
    const errors = of.logger.lines.filter(({ level }) => level === 'error')
    expect(errors.map(({ details }) => (details as { error: Error }).error.message).sort()).toEqual([
      'async listener',
      'async listener',
      'listener',
      'listener',
    ])
  })

  it('refuses names and listeners that are none', async () => {
    const { broker } = await world()
    for (const [name, listener] of [
      ['message.publishd', () => {}],
      ['', () => {}],
      [undefined, () => {}],
      ['message.failed', undefined],
    ]) {
      expect(thrown(() => broker.on(name as never, listener as never)).code).toBe('INVALID_ARGUMENT')
    }
    expect(thrown(() => broker.on('message.publishd' as never, () => {})).message).toMatch(
      /Did you mean "?message\.published/,
    )
  })
})
