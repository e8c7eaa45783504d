import { type Context, type Message, release, topic } from '@pluribus/core'
import { describe, expect, test } from 'vitest'
import { type Process, range, sorted, World } from './consume-kit.js'

const orders = topic<number>('orders.placed')
const billing = orders.subscription('billing', { timeout: '1h' })
const never = new Promise<undefined>(() => {})
/** What closing may take beyond its drain, in milliseconds: answers that do not come. */
const LIMIT = 5_000

describe('guarantee 13: close() of a consumer always ends', () => {
  test('lets running handlers finish, starts no further one, and gives the rest back uncounted, at once', async () => {
    const world = new World()
    const process = await world.start()
    const other = await world.start()
    const handler = world.recorder.handler(() => world.clock.sleep(3_000), { process: 'first' })
    const consumer = await world.run(process.broker.subscribe(billing, handler, { concurrency: 4 }))
    await world.publish(process, orders, 20)
    await world.clock.advance(1_000)
    const closing = consumer.close()
    expect(consumer.state).toBe('closed')
    await world.clock.settle()
    // Nobody has to wait for the drain to get what was not started.
    expect(await world.run(other.broker.counts(billing))).toMatchObject({ leased: 4, waiting: 16 })
    await world.run(closing)
    expect(world.clock.monotonic()).toBe(3_000)
    expect(sorted(process.eventIds('delivery.acked'))).toEqual(range(4))
    const losses: number[] = []
    const rest = world.recorder.handler((_: Message<number>, context: Context) => void losses.push(context.losses))
    await world.run(other.broker.subscribe(billing, rest))
    await world.clock.advance(100)
    expect(world.recorder.ids()).toEqual(range(20))
    expect(new Set(world.recorder.runs.map(run => run.attempt))).toEqual(new Set([1]))
    expect(new Set(losses)).toEqual(new Set([0]))
    await world.end()
  })

  test('waits for a never-ending handler as long as the drain says, tells it, and gives its message back', async () => {
    const world = new World()
    const process = await world.start()
    const signals: AbortSignal[] = []
    const consumer = await world.run(
      process.broker.subscribe(billing, (_, { signal }) => {
        signals.push(signal)
        return never
      }),
    )
    await world.publish(process, orders, 1)
    await world.clock.settle()
    await world.run(consumer.close({ drain: '7s' }))
    expect(world.clock.monotonic()).toBe(7_000)
    expect(signals[0]?.reason).toMatchObject({ code: 'CLOSED' })
    expect(await world.run(process.broker.counts(billing))).toMatchObject({ waiting: 1, leased: 0, retrying: 0 })
    await world.end()
  })

  test('a run that had failed by its timeout already counts as failed', async () => {
    const world = new World()
    const process = await world.start()
    const hasty = orders.subscription('hasty', { timeout: '1s', grace: '1h', retry: { attempts: 1 } })
    const consumer = await world.run(process.broker.subscribe(hasty, () => never))
    await world.publish(process, orders, 1)
    await world.clock.advance(1_500)
    await world.run(consumer.close({ drain: 0 }))
    expect(process.eventIds('handler.abandoned')).toEqual(['1'])
    expect(await world.dead(process, hasty)).toMatchObject([{ reason: 'EXHAUSTED', attempts: 1 }])
    await world.end()
  })

  test('twice and concurrently: everybody waits for the same end', async () => {
    const world = new World()
    const process = await world.start()
    const consumer = await world.run(process.broker.subscribe(billing, () => world.clock.sleep(2_000)))
    await world.publish(process, orders, 1)
    await world.clock.settle()
    await world.run(Promise.all([consumer.close(), consumer.close({ drain: 0 }), process.broker.close()]))
    expect(world.clock.monotonic()).toBe(2_000)
    await world.run(Promise.all([consumer.close(), process.broker.close()]))
    expect(world.clock.pendingTimers).toBe(0)
    expect(process.eventIds('delivery.acked')).toEqual(['1'])
  })

  const OUTAGES: Readonly<Record<string, (process: Process) => void>> = {
    'while down': ({ adapter }) => {
      adapter.refuse()
      adapter.cut()
    },
    'while connecting hangs': ({ adapter }) => {
      adapter.hangConnects()
      adapter.cut()
    },
    'while settles are never answered': ({ adapter }) => adapter.loseReplies('settle', { times: 99, hang: true }),
    'while settles fail': ({ adapter }) => adapter.failBefore('settle', { times: 99 }),
    'while pulls are never answered': ({ adapter }) => void adapter.hold('pull', { side: 'reply' }),
    'while closing a source is never answered': ({ adapter }) => void adapter.hold('closeSource'),
    'while sources cannot be closed': ({ adapter }) => adapter.failBefore('closeSource', { times: 99 }),
    'while a connection cannot be closed': ({ adapter }) => void adapter.hold('close'),
    'while marks, renewals and opens hang': ({ adapter }) => {
      for (const call of ['mark', 'renew', 'open'] as const) adapter.hold(call)
      adapter.endSources()
    },
  }
  for (const [name, strike] of Object.entries(OUTAGES)) {
    test(`${name}, with running handlers, leaving no timer`, async () => {
      const world = new World()
      const process = await world.start()
      const handler = world.recorder.handler(() => world.clock.sleep(1_000))
      await world.run(process.broker.subscribe(billing, handler, { concurrency: 4, prefetch: 2 }))
      await world.publish(process, orders, 20)
      await world.clock.advance(500)
      strike(process)
      await world.clock.advance(100)
      const started = world.recorder.runs.length
      const since = world.clock.monotonic()
      await world.run(process.broker.close({ drain: '5s' }))
      expect(world.clock.monotonic() - since).toBeLessThanOrEqual(5_000 + LIMIT)
      expect(world.recorder.runs).toHaveLength(started)
      expect(world.clock.pendingTimers).toBe(0)
    })
  }

  test.each(['0s', '3s'])(
    'of a broker that is frozen altogether: %s for handlers, 5 s for all the rest',
    async drain => {
      const world = new World()
      const process = await world.start()
      const quick = orders.subscription('quick')
      await world.run(process.broker.subscribe(billing, () => never, { concurrency: 4 }))
      await world.run(process.broker.subscribe(quick, () => undefined))
      for (const call of ['settle', 'publish', 'closeSource', 'close'] as const)
        process.adapter.hold(call, { side: 'reply' })
      const publishing = process.broker.publish(orders, 1).catch(error => error.outcome)
      await world.clock.settle()
      const since = world.clock.monotonic()
      await world.run(process.broker.close({ drain }))
      expect(world.clock.monotonic() - since).toBeLessThanOrEqual(Number.parseInt(drain, 10) * 1_000 + LIMIT)
      expect(await publishing).toBe('unknown')
      // Each was asked, however little was left for it.
      for (const call of ['settle', 'closeSource', 'close'] as const)
        expect(process.adapter.calls(call)).toBeGreaterThan(0)
      expect(world.clock.pendingTimers).toBe(0)
    },
  )

  test('of a broker whose consumer has been closing for long already, and would for longer', async () => {
    const world = new World()
    const process = await world.start()
    const consumer = await world.run(process.broker.subscribe(billing, () => never))
    await world.publish(process, orders, 1)
    await world.clock.settle()
    const closing = consumer.close({ drain: '1h' })
    await world.run(process.broker.close({ drain: '1s' }))
    // It is given all the time that there is, but for the steps that come after it.
    expect(world.clock.monotonic()).toBe(LIMIT)
    await world.clock.advance(3_700_000)
    await closing
    expect(world.clock.pendingTimers).toBe(0)
  })

  test('while a source is about to be opened again, at once', async () => {
    const world = new World()
    const process = await world.start()
    const consumer = await world.run(process.broker.subscribe(billing, () => undefined))
    process.adapter.endSources()
    await world.run(Promise.all([consumer.close(), process.broker.close()]))
    expect(world.clock.monotonic()).toBe(0)
    expect(world.clock.pendingTimers).toBe(0)
  })

  test('when the connection breaks during the drain, it ends with the last handler', async () => {
    const world = new World()
    const process = await world.start()
    const consumer = await world.run(process.broker.subscribe(billing, () => world.clock.sleep(3_000)))
    await world.publish(process, orders, 1)
    await world.clock.settle()
    const closing = consumer.close({ drain: '1m' })
    await world.clock.advance(1_000)
    process.adapter.refuse()
    process.adapter.cut()
    await world.run(closing)
    expect(world.clock.monotonic()).toBe(3_000)
    expect(consumer.state).toBe('closed')
    await world.end()
  })

  for (const [style, concurrency, isAsync] of [
    ['a synchronous', 1, false],
    ['an asynchronous', 4, true],
  ] as const) {
    test(`from inside ${style} handler: nothing starts after the call`, async () => {
      const world = new World()
      const process = await world.start()
      let closing: Promise<void> | undefined
      const handler = world.recorder.handler((message: Message<number>) => {
        if (message.id === '3') closing = consumer.close()
        return isAsync ? world.clock.sleep(100) : undefined
      })
      const consumer = await world.run(process.broker.subscribe(billing, handler as never, { concurrency }))
      await world.publish(process, orders, 10)
      await world.until(() => closing !== undefined)
      await world.run(closing as Promise<void>)
      expect(world.recorder.ids()).toEqual(range(3))
      expect(sorted(process.eventIds('delivery.acked'))).toEqual(range(3))
      expect(await world.run(process.broker.counts(billing))).toMatchObject({ waiting: 7, leased: 0 })
      await world.end()
    })
  }

  test('awaited inside a handler, it ends when the drain has passed', async () => {
    const world = new World()
    const process = await world.start()
    let isThrough = false
    const handler = async () => {
      await process.broker.close({ drain: '2s' })
      isThrough = true
    }
    await world.run(process.broker.subscribe(billing, handler))
    await world.publish(process, orders, 1)
    await world.until(() => isThrough)
    expect(world.clock.monotonic()).toBe(2_000)
    expect(world.clock.pendingTimers).toBe(0)
  })

  test('while subscribe() has not resolved yet, that rejects and nothing is left', async () => {
    const world = new World()
    const process = await world.start()
    const letGo = process.adapter.hold('open')
    const subscribed = process.broker.subscribe(billing, () => undefined)
    subscribed.catch(() => {})
    await world.clock.settle()
    await world.run(process.broker.close())
    await expect(world.run(subscribed)).rejects.toMatchObject({ code: 'CLOSED' })
    letGo()
    await world.clock.settle()
    expect(world.clock.pendingTimers).toBe(0)
  })

  test('what nobody has confirmed when it has closed is told', async () => {
    const world = new World()
    const process = await world.start()
    const unconfirmed: string[] = []
    process.broker.on('delivery.unconfirmed', ({ id }) => void unconfirmed.push(id))
    process.adapter.hold('settle')
    const consumer = await world.run(process.broker.subscribe(billing, () => undefined, { concurrency: 2 }))
    await world.publish(process, orders, 2)
    await world.clock.settle()
    await world.run(consumer.close())
    expect([unconfirmed, process.eventIds('delivery.acked')]).toEqual([['1', '2'], []])
    await world.end()
  })

  test('a source that ends while its consumer waits for the last answers is not opened again', async () => {
    const world = new World()
    const process = await world.start()
    process.adapter.hold('settle')
    const consumer = await world.run(process.broker.subscribe(billing, () => undefined))
    await world.publish(process, orders, 1)
    await world.clock.settle()
    const closing = consumer.close()
    await world.clock.settle()
    process.adapter.endSources()
    await world.run(closing)
    await world.clock.advance(5_000)
    expect(process.adapter.calls('open')).toBe(1)
    await world.end()
  })

  test('a closed consumer opens nothing when its connection is replaced', async () => {
    const world = new World()
    const process = await world.start()
    const consumer = await world.run(process.broker.subscribe(billing, () => undefined))
    await world.run(consumer.close())
    await world.cut(process, 1_000)
    await world.clock.advance(5_000)
    expect(process.adapter.calls('open')).toBe(1)
    await world.end()
  })

  test('a closed consumer can be subscribed again, also while the old one drains', async () => {
    const world = new World()
    const process = await world.start()
    const handler = world.recorder.handler(() => world.clock.sleep(1_000))
    const consumer = await world.run(process.broker.subscribe(billing, handler))
    await world.publish(process, orders, 3)
    await world.clock.settle()
    const closing = consumer.close()
    const again = await world.run(process.broker.subscribe(billing, handler))
    expect(again).not.toBe(consumer)
    await world.run(closing)
    await world.clock.advance(5_000)
    expect(world.recorder.ids()).toEqual(range(3))
    expect(world.recorder.overlapping()).toEqual([])
    await world.end()
  })
})

describe('pause and resume', () => {
  test('a pause starts no further handler and lets others have what was fetched; resume goes on in order', async () => {
    const world = new World()
    const process = await world.start()
    const handler = world.recorder.handler(() => world.clock.sleep(100))
    const consumer = await world.run(process.broker.subscribe(billing, handler))
    await world.publish(process, orders, 5)
    await world.clock.advance(150)
    consumer.pause()
    expect(consumer.state).toBe('paused')
    await world.clock.advance(60_000)
    expect(world.recorder.ids()).toEqual(['1', '2'])
    expect(await world.run(process.broker.counts(billing))).toMatchObject({ waiting: 3, leased: 0 })
    consumer.resume()
    expect(consumer.state).toBe('consuming')
    await world.clock.advance(1_000)
    expect(world.recorder.ids()).toEqual(range(5))
    await world.end()
  })

  test('what is published while one process is paused goes to another one at once', async () => {
    const world = new World()
    const process = await world.start()
    const other = await world.start()
    const paused = await world.run(
      process.broker.subscribe(billing, world.recorder.handler(undefined, { process: 'a' })),
    )
    paused.pause()
    const second = world.recorder.handler(undefined, { process: 'b' })
    await world.run(other.broker.subscribe(billing, second))
    for (let n = 1; n <= 5; n++) {
      await world.run(other.broker.publish(orders, n))
      await world.clock.settle()
      expect(world.recorder.runs.map(run => run.process)).toEqual(Array(n).fill('b'))
    }
    await world.end()
  })

  test('paused from inside a handler, nothing starts after the call', async () => {
    const world = new World()
    const process = await world.start()
    const handler = world.recorder.handler((message: Message<number>) => {
      if (message.id === '2') consumer.pause()
    })
    const consumer = await world.run(process.broker.subscribe(billing, handler, { concurrency: 8 }))
    await world.publish(process, orders, 5)
    await world.clock.advance(1_000)
    expect(world.recorder.ids()).toEqual(['1', '2'])
    consumer.resume()
    await world.clock.advance(1_000)
    expect(world.recorder.ids()).toEqual(range(5))
    await world.end()
  })

  test('paused during an outage, it resumes when told and not when the connection is back', async () => {
    const world = new World()
    const process = await world.start()
    const consumer = await world.run(process.broker.subscribe(billing, world.recorder.handler()))
    consumer.pause()
    process.adapter.cut()
    await world.clock.advance(5_000)
    await world.publish(process, orders, 3)
    await world.clock.advance(30_000)
    expect(world.recorder.ids()).toEqual([])
    consumer.resume()
    await world.clock.advance(1_000)
    expect(world.recorder.ids()).toEqual(range(3))
    await world.end()
  })
})

describe('release', () => {
  test('gives the message back at its place, counting nothing', async () => {
    const world = new World()
    const process = await world.start()
    let releases = 3
    const handler = world.recorder.handler((message: Message<number>) =>
      message.id === '1' && releases-- > 0 ? release() : undefined,
    )
    await world.run(process.broker.subscribe(billing, handler, { prefetch: 0 }))
    await world.publish(process, orders, 2)
    await world.clock.advance(1_000)
    expect(world.recorder.runs.map(run => `${run.id}/${run.attempt}`)).toEqual(['1/1', '1/1', '1/1', '1/1', '2/1'])
    await world.end()
  })
})
