import { createBroker, topic } from '@pluribus/core'
import type { Adapter } from '@pluribus/core/driver'
import { type FaultScript, InjectedFault, recordingLogger, unreliable, VirtualClock } from '@pluribus/core/testing'
import { memory } from '@pluribus/memory'
import { describe, expect, it } from 'vitest'
import { refused, world } from '../publishing/kit.js'

const orders = topic<{ n: number }>('orders.placed')

/** A broker that has not been connected yet. */
function unborn(script: FaultScript = {}) {
  const clock = new VirtualClock()
  const adapter = unreliable(memory(), script)
  const create = (overrides = {}) =>
    createBroker({
      adapter,
      environment: clock.environment(),
      logger: recordingLogger(),
      connectTimeout: '4s',
      ...overrides,
    })
  return { clock, adapter, create }
}

/** Virtual times at which an adapter is asked to connect. */
function timed(adapter: Adapter, clock: VirtualClock): { readonly adapter: Adapter; readonly times: number[] } {
  const times: number[] = []
  const connect: Adapter['connect'] = (environment, events) => {
    times.push(clock.monotonic())
    return adapter.connect(environment, events)
  }
  const { name, capabilities } = adapter
  return { adapter: { name, capabilities, connect, classify: error => adapter.classify(error) }, times }
}

const gaps = (times: readonly number[]) => times.slice(1).map((time, index) => time - (times[index] as number))

describe('guarantee 14: createBroker rejects after connectTimeout with a reason a person can act on', () => {
  it.each([
    [
      'is refused',
      { steps: [] },
      (adapter: Unreliable) => adapter.refuse(new InjectedFault('ECONNREFUSED 127.0.0.1:6379')),
      /ECONNREFUSED 127\.0\.0\.1:6379/,
    ],
    ['is never answered', {}, (adapter: Unreliable) => adapter.hangConnects(), /no attempt has ended|no answer/],
    [
      'is refused first and never answered then',
      { steps: [{ on: 'connect', call: 1, do: 'fail' }] },
      (adapter: Unreliable) => adapter.hangConnects(),
      /connect failed/,
    ],
  ] as const)('where connecting %s: to the millisecond, and leaves no timer behind', async (_, script, arm, reason) => {
    const { clock, adapter, create } = unborn(script as FaultScript)
    arm(adapter)
    const error = await clock.run(refused(create()))
    expect(clock.monotonic()).toBe(4_000)
    expect(error).toMatchObject({ code: 'UNAVAILABLE', retryable: true })
    expect(error.message).toMatch(reason)
    expect(error.message).toMatch(/within 4000 ms/)
    expect(error.message).toMatch(/Check that the broker runs/)
    expect(clock.pendingTimers).toBe(0)
    const attempts = adapter.connects
    adapter.accept()
    await clock.advance(60_000)
    expect(adapter.connects).toBe(attempts)
  })

  it('rejects after 10 s by default', async () => {
    const { clock, adapter, create } = unborn()
    adapter.refuse()
    await clock.run(refused(create({ connectTimeout: undefined })))
    expect(clock.monotonic()).toBe(10_000)
  })

  it('does not reject at once where trying again may help: a broker that comes up meanwhile is used', async () => {
    const { clock, adapter, create } = unborn()
    adapter.refuse()
    const creating = create()
    await clock.advance(3_000)
    adapter.accept()
    const broker = await clock.run(creating)
    expect(broker.server.product).toBe('memory')
    expect(adapter.connects).toBeGreaterThan(3)
  })

  it('rejects at once where trying again cannot help', async () => {
    const { clock, adapter, create } = unborn()
    adapter.refuse(new InjectedFault('wrong password for redis://app:s3cret@host', 'UNAUTHORIZED'))
    const error = await clock.run(refused(create()))
    expect(clock.monotonic()).toBe(0)
    expect(error).toMatchObject({ code: 'UNAUTHORIZED', retryable: false })
    expect(error.message).toMatch(/wrong password/)
    expect(error.message).not.toMatch(/s3cret/)
    expect(adapter.connects).toBe(1)
    expect(clock.pendingTimers).toBe(0)
  })

  it('closes a connection that comes too late', async () => {
    const { clock, adapter, create } = unborn()
    const release = adapter.hold('connect', { side: 'reply' })
    await clock.run(refused(create()))
    expect(adapter.calls('close')).toBe(0)
    release()
    await clock.settle()
    expect(adapter.generation).toBeGreaterThan(0)
    expect(adapter.calls('close')).toBe(adapter.generation)
    expect(clock.pendingTimers).toBe(0)
  })

  it('gives each later attempt connectTimeout too, and closes what comes after it', async () => {
    const { clock, adapter, broker } = await world({ connectTimeout: '2s' })
    const release = adapter.hold('connect', { side: 'reply' })
    adapter.cut()
    await clock.until(() => adapter.connects === 3)
    release()
    await clock.settle()
    await clock.run(broker.publish(orders, { n: 1 }))
    await clock.advance(10_000)
    // The first was cut; of those that arrived since, one is in use.
    expect(adapter.calls('close')).toBe(adapter.generation - 1)
  })

  it('bears whatever an adapter throws: the reason is quoted, short and without secrets', async () => {
    const clock = new VirtualClock()
    const inner = memory()
    const hostile = [
      undefined,
      null,
      Symbol('x'),
      Object.create(null),
      new Proxy(
        {},
        {
          get: () => {
            throw new Error('trap')
          },
        },
      ),
      new Error('x'.repeat(2_000_000)),
    ]
    for (const thrown of hostile) {
      const adapter: Adapter = {
        name: 'hostile',
        capabilities: inner.capabilities,
        connect: () => Promise.reject(thrown),
        classify: () => {
          throw new TypeError('cannot classify')
        },
      }
      const error = await clock.run(refused(createBroker({ adapter, environment: clock.environment(), logger: false })))
      expect(error.code).toBe('UNKNOWN')
      expect(error.message.length).toBeLessThan(1_500)
    }
  })

  it('bears an adapter that throws instead of rejecting', async () => {
    const { name, capabilities } = memory()
    const clock = new VirtualClock()
    const adapter: Adapter = {
      name,
      capabilities,
      connect() {
        throw new Error('synchronous')
      },
      classify: () => ({ code: 'UNAUTHORIZED', retryable: false }),
    }
    const error = await clock.run(refused(createBroker({ adapter, environment: clock.environment() })))
    expect(error).toMatchObject({ code: 'UNAUTHORIZED' })
    expect(error.message).toMatch(/synchronous/)
  })
})

describe('guarantee 14: after any outage the connection comes back by itself', () => {
  it.each([[0], [0.999_999]])(
    'tries again after 100 ms, 200 ms, … 2.5 s, halved at most by chance (%f)',
    async random => {
      const clock = new VirtualClock()
      const broken = unreliable(memory())
      const { adapter, times } = timed(broken, clock)
      const environment = clock.environment({ random: () => random })
      await clock.run(createBroker({ adapter, environment, logger: false }))
      await clock.advance(60_000)
      broken.refuse()
      broken.cut()
      const cutAt = clock.monotonic()
      await clock.advance(60_000)
      const delays = gaps([cutAt, ...times.slice(1)])
      const most = delays.map((_, index) => Math.min(2_500, 100 * 2 ** index))
      for (const [index, delay] of delays.entries()) {
        expect(delay).toBeCloseTo((most[index] as number) * (random === 0 ? 0.5 : 1), 0)
      }
      expect(delays.length).toBeGreaterThan(10)
    },
  )

  it('goes on for ever, with the patience of the first hour', async () => {
    const { clock, adapter, broker } = await world()
    adapter.refuse()
    adapter.cut()
    await clock.advance(24 * 3_600_000)
    const attempts = adapter.connects
    await clock.advance(60_000)
    expect(adapter.connects - attempts).toBeGreaterThanOrEqual(12)
    adapter.accept()
    const publishing = broker.publish(orders, { n: 1 })
    await clock.run(publishing, { within: 5_001 })
  })

  it('goes on where credentials are refused after the first connection: they may be rotated under us', async () => {
    const { clock, adapter, broker } = await world()
    adapter.refuse(new InjectedFault('password expired', 'UNAUTHORIZED'))
    adapter.cut()
    await clock.advance(60_000)
    adapter.accept()
    await clock.run(broker.publish(orders, { n: 1 }))
  })

  it('does not spin where connections break as soon as they stand', async () => {
    const clock = new VirtualClock()
    const inner = memory()
    let connects = 0
    const adapter: Adapter = {
      ...inner,
      name: inner.name,
      capabilities: inner.capabilities,
      classify: () => ({ code: 'UNAVAILABLE', retryable: true }),
      async connect(environment, events) {
        connects++
        const connection = await inner.connect(environment, events)
        if (connects > 1) environment.timers.setTimeout(() => events.lost(new Error('flap')), 10)
        else environment.timers.setTimeout(() => events.lost(new Error('first')), 20_000)
        return connection
      },
    }
    const broker = await clock.run(createBroker({ adapter, environment: clock.environment(), logger: false }))
    await clock.advance(20_000)
    await clock.advance(60_000)
    expect(connects).toBeGreaterThan(10)
    expect(connects).toBeLessThan(45)
    await clock.run(broker.close())
  })

  it('loses the connection that broke while it was being made', async () => {
    const clock = new VirtualClock()
    const inner = memory()
    let connects = 0
    const adapter: Adapter = {
      name: inner.name,
      capabilities: inner.capabilities,
      classify: () => ({ code: 'UNAVAILABLE', retryable: true }),
      async connect(environment, events) {
        if (++connects === 2) events.lost(new Error('early'))
        const connection = await inner.connect(environment, events)
        if (connects === 1) environment.timers.setTimeout(() => events.lost(new Error('first')), 1_000)
        return connection
      },
    }
    const broker = await clock.run(createBroker({ adapter, environment: clock.environment(), logger: false }))
    await clock.advance(5_000)
    expect(connects).toBe(3)
    await clock.run(broker.publish(orders, { n: 1 }))
  })

  it('consumes again after an outage', async () => {
    const { clock, adapter, broker } = await world()
    const seen: number[] = []
    await clock.run(broker.subscribe(orders.subscription('billing'), message => void seen.push(message.data.n)))
    await clock.run(broker.publish(orders, { n: 1 }))
    adapter.refuse()
    adapter.cut()
    await clock.advance(300_000)
    adapter.accept()
    await clock.run(broker.publish(orders, { n: 2 }))
    await clock.until(() => seen.length === 2)
    expect(seen).toEqual([1, 2])
  })
})

type Unreliable = ReturnType<typeof unreliable>
