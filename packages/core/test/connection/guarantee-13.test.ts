import { type Broker, createBroker, topic } from '@pluribus/core'
import { unreliable, VirtualClock } from '@pluribus/core/testing'
import { memory } from '@pluribus/memory'
import { describe, expect, it } from 'vitest'
import { calls, refused, storedIn, thrown, world } from '../publishing/kit.js'

const orders = topic<{ n: number }>('orders.placed')
const billing = orders.subscription('billing')

describe('guarantee 13: close() always ends, on the side of publishing', () => {
  it('flushes what was published before it, awaited or not', async () => {
    const { broker, clock, adapter, store } = await world()
    adapter.delay('publish', 200)
    const receipts = Array.from({ length: 3_000 }, (_, n) => broker.publish(orders, { n }))
    await clock.run(broker.close())
    await Promise.all(receipts)
    expect((await storedIn(store, clock, orders.name)).map(({ payload }) => payload)).toEqual(
      Array.from({ length: 3_000 }, (_, n) => JSON.stringify({ n })),
    )
  })

  it('flushes publishes even where no time is given to handlers', async () => {
    const { broker, clock, adapter } = await world()
    adapter.delay('publish', 200)
    const publishing = broker.publish(orders, { n: 1 })
    await clock.run(broker.close({ drain: 0 }))
    await publishing
  })

  it('ends at once while the broker is down; what waited fails definite', async () => {
    const { broker, clock, adapter } = await world()
    adapter.refuse()
    adapter.cut()
    const failing = refused(broker.publish(orders, { n: 1 }))
    await clock.advance(1_000)
    const started = clock.monotonic()
    await clock.run(broker.close())
    expect(clock.monotonic()).toBe(started)
    expect(await failing).toMatchObject({ code: 'CLOSED', outcome: 'definite' })
    expect(clock.pendingTimers).toBe(0)
  })

  it('ends where a publish is never answered, which fails as unknown', async () => {
    const { broker, clock, adapter } = await world()
    adapter.loseReplies('publish', { hang: true })
    const failing = refused(broker.publish(orders, { n: 1 }))
    await clock.settle()
    const started = clock.monotonic()
    await clock.run(broker.close({ drain: '1s' }))
    expect(clock.monotonic() - started).toBeLessThanOrEqual(5_000)
    const error = await failing
    expect(error).toMatchObject({ code: 'CLOSED', outcome: 'unknown' })
    expect(error.message).toMatch(/may be stored/)
    expect(clock.pendingTimers).toBe(0)
  })

  it('ends where the topic cannot be declared', async () => {
    const { broker, clock, adapter } = await world()
    adapter.failBefore('declare', { times: 1_000 })
    const failing = refused(broker.publish(orders, { n: 1 }))
    await clock.advance(1_000)
    await clock.run(broker.close({ drain: '1s' }))
    expect(await failing).toMatchObject({ code: 'CLOSED', outcome: 'definite' })
    expect(clock.pendingTimers).toBe(0)
  })

  it('ends where what is in doubt cannot be sent again: unknown', async () => {
    const { broker, clock, adapter } = await world({ publishTimeout: '60s' })
    adapter.refuse()
    adapter.loseReplies('publish')
    const failing = refused(broker.publish(orders, { n: 1 }, { id: 'a' }))
    await clock.advance(1_000)
    await clock.run(broker.close())
    expect((await failing).outcome).toBe('unknown')
  })

  it('ends where the adapter never closes, after 5 s', async () => {
    const { broker, clock, adapter } = await world()
    adapter.loseReplies('close', { hang: true })
    const started = clock.monotonic()
    await clock.run(broker.close())
    expect(clock.monotonic() - started).toBe(5_000)
    expect(clock.pendingTimers).toBe(0)
  })

  it('ends where the adapter fails at closing', async () => {
    const { broker, clock, adapter } = await world()
    adapter.failBefore('close')
    await clock.run(broker.close())
  })

  it('may be called twice, also at once, and is what `await using` calls', async () => {
    const { broker, clock, adapter } = await world()
    await clock.run(Promise.all([broker.close(), broker.close({ drain: 0 }), broker[Symbol.asyncDispose]()]))
    await clock.run(broker.close())
    expect(adapter.calls('close')).toBe(1)
  })

  it('ends while a consumer is being opened', async () => {
    const { broker, clock, adapter } = await world()
    const release = adapter.hold('open')
    const opening = broker
      .subscribe(billing, () => {})
      .then(
        () => 'opened',
        error => error.code,
      )
    await clock.settle()
    const closing = broker.close({ drain: '1s' })
    await clock.advance(2_000)
    release()
    await clock.run(closing)
    expect(['CLOSED', 'opened']).toContain(await clock.run(opening))
    await clock.advance(60_000)
    expect(clock.pendingTimers).toBe(0)
  })

  it('ends while it reconnects, and closes the connection that comes too late', async () => {
    const { broker, clock, adapter } = await world()
    const release = adapter.hold('connect', { side: 'reply' })
    adapter.cut()
    await clock.until(() => adapter.connects === 2)
    await clock.run(broker.close())
    expect(clock.pendingTimers).toBe(0)
    const closed = adapter.calls('close')
    release()
    await clock.settle()
    expect(adapter.calls('close')).toBe(closed + 1)
    await clock.advance(60_000)
    expect(adapter.connects).toBe(2)
  })

  it('ends what waits for a connection', async () => {
    const { broker, clock, adapter } = await world()
    adapter.refuse()
    adapter.cut()
    const waiting = [broker.subscribe(billing, () => {}), broker.counts(billing), broker.declare(orders)].map(refused)
    await clock.advance(500)
    await clock.run(broker.close())
    expect((await Promise.all(waiting)).map(({ code }) => code)).toEqual(['CLOSED', 'CLOSED', 'CLOSED'])
  })

  it('leaves no timer and no connection behind', async () => {
    const { broker, clock, adapter } = await world()
    await clock.run(broker.subscribe(billing, () => {}))
    await clock.run(broker.publish(orders, { n: 1 }))
    await clock.advance(1_000)
    await clock.run(broker.close())
    expect(clock.pendingTimers).toBe(0)
    expect(adapter.calls('close')).toBe(1)
  })

  it('lets handlers publish to their end, through the broker as through the context', async () => {
    const { broker, clock, ids } = await world()
    const done = topic<{ n: number }>('orders.done')
    let isRunning = false
    const handler = async () => {
      isRunning = true
      await clock.sleep(500)
      await broker.publish(done, { n: 1 }, { id: 'by-broker' })
      await broker.publishMany(done, [{ data: { n: 2 }, id: 'by-batch' }])
    }
    await clock.run(broker.subscribe(billing, handler))
    await clock.run(broker.publish(orders, { n: 1 }))
    await clock.until(() => isRunning)
    const closing = broker.close()
    expect(await refused(broker.publish(done, { n: 3 }))).toMatchObject({ code: 'CLOSED' })
    await clock.run(closing)
    expect(await ids(done)).toEqual(['by-broker', 'by-batch'])
  })

  it('refuses bad options without closing anything', async () => {
    const { broker, clock } = await world()
    for (const options of [{ drain: 'soon' }, { drain: -1 }, { drain: Number.NaN }, { drian: '1s' }, null, 5]) {
      expect(await refused(broker.close(options as never))).toMatchObject({ code: 'INVALID_ARGUMENT' })
    }
    expect((await refused(broker.close({ drian: '1s' } as never))).message).toMatch(/Did you mean "?drain/)
    await clock.run(broker.publish(orders, { n: 1 }))
  })

  it('makes every method answer CLOSED, definite, without a call of the adapter', async () => {
    const { broker, clock, adapter } = await world()
    await clock.run(broker.declare(billing))
    await clock.run(broker.close())
    const before = calls(adapter)
    const drain = async (items: () => AsyncIterable<unknown>) => {
      for await (const _ of items()) throw new Error('There is something.')
    }
    const methods: { [Name in Methods]: () => Promise<unknown> } = {
      publish: () => broker.publish(orders, { n: 1 }),
      publishMany: () => broker.publishMany(orders, [{ data: { n: 1 } }]),
      subscribe: () => broker.subscribe(billing, () => {}),
      declare: () => broker.declare(orders),
      check: async () => broker.check(billing),
      history: () => drain(() => broker.history(orders)),
      deadLetters: () => drain(() => broker.deadLetters(billing)),
      redrive: () => broker.redrive(billing),
      discard: () => broker.discard(billing),
      counts: () => broker.counts(billing),
      remove: () => broker.remove(billing),
      on: async () => broker.on('connection.up', () => {}),
    }
    const all = Object.getOwnPropertyNames(Object.getPrototypeOf(broker)).filter(
      name => !['constructor', 'capabilities', 'server', 'close', 'start'].includes(name),
    )
    expect(Object.keys(methods).sort()).toEqual(all.sort())
    for (const [name, call] of Object.entries(methods)) {
      const error = await refused(call())
      expect([name, error.code, error.outcome]).toEqual([name, 'CLOSED', 'definite'])
    }
    expect(calls(adapter)).toBe(before)
    expect(thrown(() => broker.history(orders)).code).toBe('CLOSED')
    expect(broker.server.product).toBe('memory')
    expect(broker.capabilities.fifo).toBe('exact')
  })

  it('ends a broker that could not be created', async () => {
    const clock = new VirtualClock()
    const adapter = unreliable(memory())
    adapter.hangConnects()
    await clock.run(refused(createBroker({ adapter, environment: clock.environment(), logger: false })))
    expect(clock.pendingTimers).toBe(0)
  })
})

type Methods = Exclude<
  { [K in keyof Broker]: Broker[K] extends (...args: never) => unknown ? K : never }[keyof Broker],
  'close' | typeof Symbol.asyncDispose
>
