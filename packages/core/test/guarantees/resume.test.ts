import { createBroker, type Message, topic } from '@pluribus/core'
import type { Adapter } from '@pluribus/core/driver'
import { type FaultOperation, type UnreliableAdapter, unreliable, VirtualClock } from '@pluribus/core/testing'
import { memory, memoryStore } from '@pluribus/memory'
import { describe, expect, test } from 'vitest'
import { type Process, range, sorted, World } from './consume-kit.js'

const orders = topic<number>('orders.placed')
const billing = orders.subscription('billing', { timeout: '1m', retry: { attempts: 3, delays: ['1s'] } })
const OPERATIONS: readonly FaultOperation[] = ['connect', 'declare', 'open', 'pull', 'settle', 'renew']

/** A consumer at work, with work coming in for ten seconds; each message takes half a second and a third of them fail once. */
async function atWork(world: World): Promise<Process> {
  const process = await world.start({ lease: '6s' })
  const publisher = await world.start()
  const handler = world.recorder.handler(async (message: Message<number>, { attempt }) => {
    await world.clock.sleep(500)
    if (message.data % 3 === 0 && attempt === 1) throw new Error('once')
  })
  await world.run(process.broker.subscribe(billing, handler, { concurrency: 4 }))
  for (const id of range(40)) {
    publisher.broker.publish(orders, Number(id), { id, delay: Number(id) * 250 }).catch(() => {})
  }
  return process
}

async function endsWell(world: World, process: Process): Promise<void> {
  process.adapter.heal()
  await world.clock.advance(120_000)
  const returned = world.recorder.runs.filter(run => run.outcome === 'returned' && !run.aborted).map(run => run.id)
  // A lost connection makes nobody do his work twice: whoever held a message gets it back.
  expect(sorted(returned)).toEqual(range(40))
  const counts = await world.run(process.broker.counts(billing))
  expect(counts).toMatchObject({ waiting: 0, leased: 0, retrying: 0, scheduled: 0, dead: 0 })
  expect(world.recorder.overlapping()).toEqual([])
  expect(Math.max(...world.recorder.runs.map(run => run.attempt))).toBe(2)
  await world.end()
}

const OUTAGES: Readonly<Record<string, (adapter: UnreliableAdapter, world: World) => void | Promise<void>>> = {
  'a cut': adapter => void adapter.cut(),
  'ten cuts in a row': async (adapter, world) => {
    for (let cut = 0; cut < 10; cut++) {
      adapter.cut()
      await world.clock.advance(700)
    }
  },
  'a cut and a minute of refusals': async (adapter, world) => {
    adapter.refuse()
    adapter.cut()
    await world.clock.advance(60_000)
    adapter.accept()
  },
  'a cut and connects that hang': async (adapter, world) => {
    adapter.hangConnects()
    adapter.cut()
    await world.clock.advance(30_000)
    adapter.accept()
  },
  'sources that end': adapter => void adapter.endSources(),
  'sources that end and keep what they held': adapter => void adapter.endSources(undefined, { giveBack: false }),
  'sources that end again and again': async (adapter, world) => {
    for (let end = 0; end < 20; end++) {
      adapter.endSources()
      await world.clock.advance(150)
    }
  },
  'leases that are taken away': adapter => void adapter.takeLeases(),
}

describe('a process that slept for longer than a lease', () => {
  test('settles nothing of what it held when it fell asleep', async () => {
    const clock = new VirtualClock()
    const store = memoryStore()
    let slept = 0
    const environment = {
      ...clock.environment(),
      clock: { now: () => clock.now(), monotonic: () => clock.monotonic() + slept },
    }
    const adapter = unreliable(memory({ store }))
    const sleeper = await clock.run(createBroker({ adapter, environment, lease: '6s', logger: false }))
    const handler = async () => {
      await clock.sleep(100)
      slept = 7_000
    }
    const told: string[] = []
    for (const name of ['delivery.lost', 'delivery.acked', 'delivery.stale'] as const)
      sleeper.on(name, () => void told.push(name))
    await clock.run(sleeper.subscribe(billing, handler))
    await clock.run(sleeper.publish(orders, 1))
    // Not its timers are what tells it: they are as late as everything else.
    await clock.until(() => told.length > 0, { within: 200 })
    expect(told).toEqual(['delivery.lost'])
    expect(adapter.calls('settle')).toBe(0)
    await clock.run(sleeper.close())
  })
})

describe('a pull that is answered when a lease has passed', () => {
  test.each(['request', 'reply'] as const)('makes nobody work in vain: its %s was late', async side => {
    const world = new World()
    const process = await world.start({ lease: '6s' })
    const publisher = await world.start()
    const handler = world.recorder.handler(() => world.clock.sleep(100))
    await world.run(process.broker.subscribe(billing, handler, { concurrency: 4 }))
    const release = process.adapter.hold('pull', { side })
    await world.publish(publisher, orders, 3)
    await world.clock.advance(7_000)
    release()
    await world.clock.advance(1_000)
    // By the process's own clock the leases are over; what the broker thinks is learned by giving it back.
    expect(world.recorder.runs.map(({ id, aborted }) => [id, aborted])).toEqual(range(3).map(id => [id, false]))
    expect(process.eventIds('delivery.acked')).toEqual(range(3))
    await world.end()
  })
})

describe('guarantee 14: after any outage consumption resumes by itself', () => {
  for (const [name, strike] of Object.entries(OUTAGES)) {
    for (const at of [0, 1_300, 2_500]) {
      test(`${name}, ${at} ms after the start`, async () => {
        const world = new World()
        const process = await atWork(world)
        await world.clock.advance(at)
        await strike(process.adapter, world)
        await endsWell(world, process)
      })
    }
  }

  for (const operation of OPERATIONS) {
    for (const [name, arm] of [
      ['lost replies', adapter => adapter.loseReplies(operation, { times: 3 })],
      ['replies that never come', adapter => adapter.loseReplies(operation, { times: 2, hang: true })],
      ['failures', adapter => adapter.failBefore(operation, { times: 5 })],
      ['failures that cut', adapter => adapter.failBefore(operation, { times: 3, cut: true })],
    ] as readonly (readonly [string, (adapter: UnreliableAdapter) => void])[]) {
      test(`${name} of ${operation}`, async () => {
        const world = new World()
        const process = await atWork(world)
        await world.clock.advance(1_100)
        arm(process.adapter)
        if (['connect', 'declare', 'open'].includes(operation)) process.adapter.cut()
        await world.clock.advance(40_000)
        await endsWell(world, process)
      })
    }
  }

  test('a source that ends now and then is opened again as soon each time', async () => {
    const world = new World()
    const process = await world.start()
    const consumer = await world.run(process.broker.subscribe(billing, world.recorder.handler()))
    for (let end = 1; end <= 6; end++) {
      process.adapter.endSources()
      expect(consumer.state).toBe('disconnected')
      await world.clock.advance(100)
      expect(consumer.state).toBe('consuming')
    }
    await world.end()
  })

  test('a source that ends before the answer of its open has come is replaced', async () => {
    const world = new World()
    let opens = 0
    const wrap = (adapter: Adapter): Adapter => ({
      name: adapter.name,
      capabilities: adapter.capabilities,
      classify: error => adapter.classify(error),
      connect: async (environment, told) => {
        const connection = await adapter.connect(environment, told)
        const { subscriber } = connection
        const open: typeof subscriber.open = async (spec, options, events) => {
          const source = await subscriber.open(spec, options, events)
          if (++opens === 1) {
            await source.close()
            events.ended(new Error('too many consumers'))
          }
          return source
        }
        return {
          server: connection.server,
          capabilities: connection.capabilities,
          publisher: connection.publisher,
          persistence: connection.persistence,
          subscriber: { open, remove: name => subscriber.remove(name) },
          declare: (...specs) => connection.declare(...specs),
          close: () => connection.close(),
        }
      },
    })
    const process = await world.start({ wrap })
    await world.run(process.broker.subscribe(billing, world.recorder.handler()))
    await world.publish(process, orders, 1)
    await world.clock.advance(1_000)
    expect([world.recorder.ids(), opens]).toEqual([['1'], 2])
    await world.end()
  })

  test('"connected but not consuming" lasts no longer than a call may stay unanswered, and a backoff', async () => {
    const world = new World()
    const process = await world.start()
    await world.run(process.broker.subscribe(billing, world.recorder.handler()))
    process.adapter.loseReplies('pull', { hang: true })
    const publisher = await world.start()
    await world.publish(publisher, orders, 1)
    await world.clock.advance(9_999)
    expect(world.recorder.runs).toHaveLength(0)
    await world.until(() => process.adapter.generation === 2, 1_000)
    // The lost pull had taken the message along: it comes back when its lease ends.
    await world.until(() => world.recorder.runs.length === 1, 31_000)
    await world.end()
  })

  for (const [name, arm] of [
    ['hangs', (adapter: UnreliableAdapter) => adapter.loseReplies('open', { hang: true })],
    ['is cut', (adapter: UnreliableAdapter) => adapter.loseReplies('open')],
    ['fails', (adapter: UnreliableAdapter) => adapter.failBefore('open', { times: 3 })],
  ] as const) {
    test(`a first open that ${name} is repeated; subscribe() resolves when it is effective`, async () => {
      const world = new World()
      const publisher = await world.start()
      await world.run(publisher.broker.declare(billing))
      await world.publish(publisher, orders, 3)
      const process = await world.start()
      arm(process.adapter)
      const subscribed = process.broker.subscribe(billing, world.recorder.handler())
      if (name === 'hangs') await expect(world.run(subscribed)).rejects.toMatchObject({ code: expect.any(String) })
      else {
        const handle = await world.run(subscribed)
        expect(handle.state).toBe('consuming')
        await world.clock.advance(1_000)
        expect(sorted(world.recorder.ids())).toEqual(range(3))
      }
      await world.end()
    })
  }
})
