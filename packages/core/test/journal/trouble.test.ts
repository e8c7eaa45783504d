import { type DeliveryPage, topic } from '@pluribus/core'
import type { Adapter, Connection, Publisher } from '@pluribus/core/driver'
import { describe, expect, it } from 'vitest'
import { GATHERED, orders, type World, world } from './kit.js'

const once = orders.subscription('billing', { retry: { attempts: 1, delays: [] } })

/** Subscribes a handler that fails, with errors of so many characters. */
const failing = (of: World, characters = 10) =>
  of.clock.run(
    of.broker.subscribe(
      once,
      () => {
        throw Object.assign(new Error('no'), { stack: 's'.repeat(characters) })
      },
      { concurrency: 64 },
    ),
  )

async function publish(of: World, count: number): Promise<void> {
  await of.clock.run(
    of.broker.publishMany(
      orders,
      Array.from({ length: count }, (_, data) => ({ data })),
    ),
  )
}

const dead = async (of: World) => (await of.clock.run(of.broker.counts(once))).dead

const counted = (pages: readonly DeliveryPage[]) =>
  pages.reduce((sum, { entries, dropped }) => sum + entries.length + dropped, 0)

/** A wrapper whose publisher treats the journal as it is told to. */
const journalling =
  (treat: (publish: () => ReturnType<Publisher['publish']>) => ReturnType<Publisher['publish']>) =>
  (inner: Adapter): Adapter => ({
    name: inner.name,
    capabilities: inner.capabilities,
    connect: async (environment, events) => withPublisher(await inner.connect(environment, events), treat),
    classify: error => (error === TOO_LARGE ? { code: 'TOO_LARGE', retryable: false } : inner.classify(error)),
  })

const TOO_LARGE = new Error('too large')

function withPublisher(connection: Connection, treat: Parameters<typeof journalling>[0]): Connection {
  const { publisher } = connection
  const publish: Publisher['publish'] = batch => {
    const isJournal = batch.some(message => message.topic.startsWith('pluribus.'))
    return isJournal ? treat(() => publisher.publish(batch)) : publisher.publish(batch)
  }
  return new Proxy(connection, {
    get(target, name) {
      if (name === 'publisher') return { window: publisher.window, publish }
      const value: unknown = Reflect.get(target, name)
      return typeof value === 'function' ? value.bind(target) : value
    },
  })
}

function withDeclare(connection: Connection, heard: (topic: string) => void): Connection {
  return new Proxy(connection, {
    get(target, name) {
      const value: unknown = Reflect.get(target, name)
      if (name !== 'declare') return typeof value === 'function' ? value.bind(target) : value
      return (...[topics, subscriptions]: Parameters<Connection['declare']>) => {
        for (const topic of topics) heard(topic.name)
        return target.declare(topics, subscriptions)
      }
    },
  })
}

describe('a journal that cannot be stored', () => {
  it('holds up neither deliveries, publishes nor the connection while it hangs, and closing for a bounded time', async () => {
    const { clock, broker } = await world({ wrap: journalling(() => new Promise(() => {})) })
    const events: string[] = []
    broker.on('connection.down', () => void events.push('down'))
    broker.on('delivery.dead', ({ id }) => void events.push(id))
    const children = topic<number>('orders.refused')
    await clock.run(
      broker.subscribe(once, async ({ data }, context) => {
        await context.publish(children, data)
        throw new Error('no')
      }),
    )
    for (const id of ['a', 'b', 'c']) {
      await clock.run(broker.publish(orders, 1, { id }), { within: 0 })
      await clock.until(() => events.at(-1) === id, { within: 0 })
      await clock.advance(60_000)
    }
    expect(events).toEqual(['a', 'b', 'c'])
    const before = clock.monotonic()
    await clock.run(broker.close())
    expect(clock.monotonic() - before).toBeLessThanOrEqual(5_000)
    expect(clock.pendingTimers).toBe(0)
  })

  it('is tried again ever more rarely, is complained of once, and loses nothing when it can be stored again', async () => {
    let calls = 0
    let isBroken = true
    const of = await world({
      wrap: journalling(publish => {
        calls++
        return isBroken ? Promise.reject(new Error('no quorum')) : publish()
      }),
    })
    await failing(of)
    await publish(of, 5)
    await of.clock.advance(600_000)
    expect(calls).toBeGreaterThan(8)
    expect(calls).toBeLessThan(30)
    expect(of.said).toMatchObject([
      { level: 'warn', details: { error: { message: expect.stringContaining('no quorum') } } },
    ])
    isBroken = false
    await of.clock.advance(60_000)
    expect(await of.entries()).toHaveLength(5)
    expect(of.said).toMatchObject([{ level: 'warn' }, { level: 'info' }])
    isBroken = true
    calls = 0
    await publish(of, 1)
    await of.clock.advance(4_000)
    expect(calls, 'pauses are short again').toBeGreaterThan(1)
  })

  it('is declared again after each failure and on each connection: it may have been deleted, or the server wiped', async () => {
    let declared = 0
    let isBroken = false
    const broken = () => Promise.reject(new Error('no such topic'))
    const wrap = (inner: Adapter): Adapter => ({
      ...journalling(publish => (isBroken ? broken() : publish()))(inner),
      connect: async (environment, events) => {
        const connection = await journalling(publish => (isBroken ? broken() : publish()))(inner).connect(
          environment,
          events,
        )
        return withDeclare(connection, name => {
          if (name === 'pluribus.deliveries') declared++
        })
      },
    })
    const of = await world({ wrap })
    await failing(of)
    await publish(of, 1)
    await of.clock.advance(GATHERED)
    await publish(of, 1)
    await of.clock.advance(GATHERED)
    expect(declared).toBe(1)
    isBroken = true
    await publish(of, 1)
    await of.clock.advance(GATHERED)
    isBroken = false
    await of.clock.advance(1_000)
    expect([declared, (await of.entries()).length]).toEqual([2, 3])
    of.adapter.cut()
    await of.clock.advance(3_000)
    expect(declared).toBe(3)
  })

  it('drops what finds no room, counts it, and says so in the next page and in the reports', async () => {
    let isBroken = true
    const broken = () => Promise.reject(new Error('no quorum'))
    const of = await world({ wrap: journalling(publish => (isBroken ? broken() : publish())) })
    await failing(of, 16_000)
    const count = 2_000
    await publish(of, count)
    await of.clock.advance(GATHERED)
    expect(await dead(of)).toBe(count)
    isBroken = false
    await of.clock.advance(120_000)
    await of.clock.run(of.broker.close())
    const pages = await of.pages()
    const dropped = pages.reduce((sum, page) => sum + page.dropped, 0)
    expect(dropped).toBeGreaterThan(count / 3)
    expect(counted(pages)).toBe(count)
    expect((await of.reports()).at(-1)).toMatchObject({ state: 'ended', dropped })
    expect(of.said.map(({ level }) => level)).toEqual(['warn', 'info'])
  })

  it('drops an entry that the broker does not take, and says so in the next page', async () => {
    let isRefusing = false
    const of = await world({ wrap: journalling(publish => (isRefusing ? Promise.reject(TOO_LARGE) : publish())) })
    await failing(of)
    await of.clock.advance(GATHERED)
    isRefusing = true
    await publish(of, 3)
    await of.clock.advance(3_000)
    isRefusing = false
    await publish(of, 1)
    await of.clock.advance(5_000)
    expect((await of.pages()).map(({ dropped, entries }) => [dropped, entries.length])).toEqual([[3, 1]])
  })

  it('shortens the error of an entry for a broker of small messages', async () => {
    const limits = { payload: 8_192, headers: 65_536, hold: 60_000 }
    const of = await world({ script: { capabilities: { limits } } })
    await failing(of, 16_000)
    await publish(of, 1)
    await of.clock.advance(GATHERED)
    const [entry] = await of.entries()
    expect(entry?.error).toMatchObject({ message: 'no' })
    expect(entry?.error).not.toHaveProperty('stack')
  })

  it('gives up entries that not even so can be stored, and says how many when it closes', async () => {
    const limits = { payload: 300, headers: 65_536, hold: 60_000 }
    const of = await world({ script: { capabilities: { limits } } })
    await failing(of)
    await publish(of, 3)
    await of.clock.advance(1_000)
    expect(await dead(of)).toBe(3)
    await of.clock.run(of.broker.close())
    expect(of.said.at(-1)).toMatchObject({ level: 'warn', details: { entries: 3 } })
  })
})

describe('a journal and its connection', () => {
  it('keeps what is written through an outage, once', async () => {
    const of = await world()
    await failing(of)
    await publish(of, 3)
    await of.clock.advance(GATHERED / 2)
    of.adapter.refuse()
    of.adapter.cut()
    await of.clock.advance(30_000)
    expect(await of.entries()).toEqual([])
    of.adapter.accept()
    await of.clock.advance(10_000)
    expect((await of.entries()).filter(({ outcome }) => outcome === 'dead')).toHaveLength(3)
  })

  it('writes what is in doubt again under its id: it is there once where the broker recognises it', async () => {
    const of = await world()
    await failing(of)
    await publish(of, 1)
    await of.clock.advance(GATHERED)
    await publish(of, 1)
    of.adapter.loseReplies('publish')
    await of.clock.advance(10_000)
    const pages = await of.pages()
    expect(pages.map(({ sequence }) => sequence)).toEqual([1, 2])
    expect(of.adapter.generation).toBeGreaterThan(1)
  })

  it('waits a while before it writes again what may have broken the connection', async () => {
    const of = await world()
    await failing(of)
    await publish(of, 1)
    await of.clock.advance(GATHERED)
    await publish(of, 1)
    of.adapter.loseReplies('publish')
    await of.clock.until(() => of.adapter.generation === 2)
    const calls = of.adapter.calls('publish')
    await of.clock.advance(200)
    expect(of.adapter.calls('publish')).toBe(calls)
    await of.clock.advance(1_000)
    expect(of.adapter.calls('publish')).toBeGreaterThan(calls)
  })

  it('stores all that there is when it is closed', async () => {
    const of = await world()
    await failing(of, 10_000)
    await publish(of, 100)
    await of.clock.until(() => of.logger.lines.filter(({ level }) => level === 'warn').length === 100)
    await of.clock.run(of.broker.close())
    expect(await of.entries()).toHaveLength(100)
    expect(of.said).toEqual([])
    expect(of.clock.pendingTimers).toBe(0)
  })

  it('says what is lost when it is closed without a connection, and does not wait', async () => {
    const of = await world()
    await failing(of)
    await publish(of, 4)
    await of.clock.advance(GATHERED / 2)
    of.adapter.refuse()
    of.adapter.cut()
    await of.clock.settle()
    const before = of.clock.monotonic()
    await of.clock.run(of.broker.close())
    expect(of.clock.monotonic() - before).toBeLessThan(100)
    expect(of.said).toMatchObject([{ level: 'warn', details: { entries: 4 } }])
    expect(of.clock.pendingTimers).toBe(0)
  })
})
