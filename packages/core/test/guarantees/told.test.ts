import { type Context, json, type Message, reject, topic } from '@pluribus/core'
import { describe, expect, test } from 'vitest'
import { World } from './consume-kit.js'

const orders = topic<number>('orders.placed')
const never = new Promise<undefined>(() => {})

/** A world in which message 1 has been published for `billing`. */
async function published(options: Parameters<typeof orders.subscription>[1]) {
  const world = new World()
  const process = await world.start()
  const billing = orders.subscription('billing', options)
  await world.run(process.broker.declare(billing))
  await world.publish(process, orders, 1)
  const logged = (message: string) => world.logger.lines.filter(line => line.message.includes(message))
  return { world, process, billing, logged }
}

const OF_ONE = { topic: 'orders.placed', subscription: 'billing', id: '1' }

describe('what operators read in the log', () => {
  test('a message that dies of its failures is a warning that names it, and a run that is tried again is none', async () => {
    const { world, process, billing, logged } = await published({ retry: { attempts: 2, delays: ['1s'] } })
    const fail = () => {
      throw new Error('no such customer')
    }
    await world.run(process.broker.subscribe(billing, fail))
    await world.clock.settle()
    expect(logged('A run has failed')).toMatchObject([
      { level: 'debug', details: { ...OF_ONE, attempt: 1, delay: 1_000, error: { message: 'no such customer' } } },
    ])
    expect(world.logger.messages('warn')).toEqual([])
    await world.clock.advance(1_000)
    expect(logged('A message has died')).toMatchObject([
      {
        level: 'warn',
        details: { ...OF_ONE, attempt: 2, reason: 'EXHAUSTED', error: { message: 'no such customer' } },
      },
    ])
    await world.end()
  })

  test('one that a handler rejects by itself is no warning', async () => {
    const { world, process, billing, logged } = await published({})
    await world.run(process.broker.subscribe(billing, () => reject('NOT_OURS')))
    await world.clock.settle()
    expect(logged('A handler has rejected a message')).toMatchObject([
      { level: 'info', details: { ...OF_ONE, reason: 'NOT_OURS' } },
    ])
    expect(world.logger.messages('warn')).toEqual([])
    await world.end()
  })

  test('a handler that is given up is a warning, and what it throws at last is in the log too', async () => {
    const { world, process, billing, logged } = await published({
      timeout: '1s',
      grace: '1s',
      retry: { attempts: 1 },
    })
    const late = () => world.clock.sleep(5_000).then(() => Promise.reject(new Error('at last')))
    await world.run(process.broker.subscribe(billing, late))
    await world.clock.advance(2_000)
    expect(logged('A handler has outlived its timeout and its grace')).toMatchObject([
      { level: 'warn', details: { ...OF_ONE, attempt: 1 } },
    ])
    await world.clock.advance(3_000)
    expect(logged('An abandoned handler has failed')).toMatchObject([
      { level: 'debug', details: { id: '1', error: { message: 'at last' } } },
    ])
    await world.end()
  })

  test.each([
    ['pull', 'Pulling has failed'],
    ['settle', 'Settling has failed'],
    ['renew', 'Renewing leases has failed'],
  ] as const)('a failed %s is a warning, with the error and when it is tried again', async (operation, message) => {
    const { world, process, billing, logged } = await published({ timeout: '1h' })
    process.adapter.failBefore(operation, { error: new Error('disk full') })
    const handler = async (_: Message<number>, { signal }: Context) =>
      operation === 'renew' ? world.clock.sleep(15_000, signal) : undefined
    await world.run(process.broker.subscribe(billing, handler))
    await world.clock.advance(20_000)
    expect(logged(message)).toMatchObject([{ level: 'warn', details: { error: { message: 'disk full' } } }])
    expect(process.eventIds('delivery.acked')).toEqual(['1'])
    await world.end()
  })

  test('a source that cannot be opened again is a warning, and one that ended is told', async () => {
    const { world, process, billing, logged } = await published({ timeout: '1h' })
    await world.run(process.broker.subscribe(billing, () => never))
    process.adapter.failBefore('open', { error: new Error('disk full') })
    process.adapter.endSources()
    await world.clock.advance(1_000)
    expect(logged('Opening a source has failed')).toMatchObject([{ level: 'warn' }])
    expect(process.events.map(({ name }) => name)).toContain('consumer.down')
    await world.end()
  })
})

test.each([
  ['an error, what that says', new Error('byte 7'), 'cannot be decoded: byte 7'],
  ['anything else, that it did', 'byte 7', 'cannot be decoded: the codec has thrown'],
] as const)('of a message whose codec throws %s', async (_, thrown, message) => {
  const world = new World()
  const process = await world.start()
  const decode = () => {
    throw thrown
  }
  const unreadable = topic<number>('orders.placed', { codec: { ...json(), decode } })
  const billing = unreadable.subscription('billing')
  await world.run(process.broker.subscribe(billing, ({ data }) => void data))
  await world.publish(process, orders, 1)
  await world.clock.settle()
  const [letter] = await world.dead(process, billing)
  expect(letter?.errors).toMatchObject([{ code: 'DECODING', message: expect.stringContaining(message) }])
  await world.end()
})
