import type { BrokerUrl, Connection } from '@pluribus/core/driver'
import { PluribusError } from '@pluribus/core/driver'
import { describe, expect, test } from 'vitest'
import { fromUrl, memory, memoryStore } from '../src/index.js'
import { bench, collect, environment, HandClock, message, open, spec, TOPIC, topicSpec } from './kit.js'

const url = (path: string, options: [string, string][] = []) =>
  ({ scheme: 'memory', hosts: [], path, options: new Map(options) }) as unknown as BrokerUrl

const connectTo = (adapter: ReturnType<typeof memory>, clock = new HandClock(), instance = 'a') =>
  adapter.connect(environment(clock, instance), { lost() {} })

const topicsOf = async (connection: Connection) => (await connection.persistence.topics()).map(topic => topic.name)

describe('the adapter', () => {
  test.each([null, 'scratch', { nmae: 'scratch' }, { name: null }, { name: 5 }, { store: null }, { store: {} }])(
    'refuses the options %j',
    options => {
      expect(() => memory(options as never)).toThrow(expect.objectContaining({ code: 'INVALID_ARGUMENT' }))
    },
  )

  test('says what it is', async () => {
    expect(memory().name).toBe('memory')
    expect(memory({ name: 'scratch' }).name).toBe('scratch')
    const { server, capabilities } = await connectTo(memory())
    expect(server).toEqual({ product: 'memory', version: process.versions.node, endpoint: 'memory:' })
    expect(capabilities).toBe(memory().capabilities)
  })

  test('capabilities are frozen to the bottom, and survive JSON', () => {
    const { capabilities } = memory()
    const isFrozen = (value: unknown): boolean =>
      typeof value !== 'object' || value === null || (Object.isFrozen(value) && Object.values(value).every(isFrozen))
    expect(isFrozen(capabilities)).toBe(true)
    expect(JSON.parse(JSON.stringify(capabilities))).toEqual(capabilities)
  })

  test('classifies its own errors by their code, and nothing else', () => {
    expect(memory().classify(new PluribusError('CLOSED', 'x'))).toEqual({ code: 'CLOSED', retryable: false })
    expect(memory().classify(new PluribusError('TIMEOUT', 'x'))).toEqual({ code: 'TIMEOUT', retryable: true })
    expect(memory().classify(new TypeError('x'))).toEqual({ code: 'UNKNOWN', retryable: false })
  })
})

describe('stores', () => {
  test('are private unless shared, by value or by a name in the URL', async () => {
    const store = memoryStore()
    const first = await connectTo(memory({ store }))
    await first.declare([topicSpec()], [])
    expect(await topicsOf(await connectTo(memory({ store })))).toEqual([TOPIC])
    expect(await topicsOf(await connectTo(memory()))).toEqual([])

    await (await connectTo(fromUrl(url('shared')))).declare([topicSpec()], [])
    const again = await connectTo(fromUrl(url('shared')))
    expect(again.server.endpoint).toBe('memory:shared')
    expect(await topicsOf(again)).toEqual([TOPIC])
    expect(await topicsOf(await connectTo(fromUrl(url('other'))))).toEqual([])
    const nameless = fromUrl(url(''))
    await (await connectTo(nameless)).declare([topicSpec()], [])
    expect(await topicsOf(await connectTo(nameless))).toEqual([TOPIC])
    expect(await topicsOf(await connectTo(fromUrl(url(''))))).toEqual([])
  })

  test('keep what a connection leaves behind', async () => {
    const { connection, connect } = await bench()
    await connection.declare([topicSpec()], [spec()])
    await connection.publisher.publish([message('a'), message('b')])
    const source = await open(connection)
    await source.drain(1)
    await source.source.close()
    await connection.close()
    expect(await (await open(await connect('b'))).ids()).toEqual(['b'])
  })

  test('consumers of several brokers compete, and wake each other', async () => {
    const { connection, connect } = await bench()
    await connection.declare([topicSpec()], [spec()])
    const other = await open(await connect('b'))
    expect(await other.ids()).toEqual([])
    await connection.publisher.publish([message('a'), message('b')])
    expect(other.told.wakes).toBe(1)
    expect(await other.ids(1)).toEqual(['a'])
    expect(await (await open(connection)).ids()).toEqual(['b'])
  })

  test('a URL has no options', () => {
    expect(() => fromUrl(url('', [['size', '1']]))).toThrow(expect.objectContaining({ code: 'INVALID_CONFIGURATION' }))
  })
})

describe('a sequenced publish', () => {
  const lane = (epoch: number) => ({ name: 'outbox', epoch })

  async function ready() {
    const { connection } = await bench()
    await connection.declare([topicSpec()], [spec()])
    const { publisher } = connection
    const publish = (epoch: number, first: number, ...ids: string[]) =>
      publisher.publishSequenced?.(
        lane(epoch),
        first,
        ids.map(id => message(id)),
      )
    return { connection, publisher, publish, source: await open(connection) }
  }

  test('stores what follows, skips what is there, and answers the position', async () => {
    const { publish, publisher, source } = await ready()
    expect(await publisher.position?.(lane(1))).toBe(0)
    expect(await publish(1, 1, 'a', 'b')).toBe(2)
    expect(await publish(1, 2, 'b', 'c')).toBe(3)
    expect(await publish(1, 1, 'a', 'b')).toBe(3)
    expect(await publisher.position?.(lane(1))).toBe(3)
    expect(await source.ids()).toEqual(['a', 'b', 'c'])
  })

  test('stores nothing on a gap, nor of an old epoch', async () => {
    const { publish, source } = await ready()
    expect(await publish(1, 2, 'x')).toBe(0)
    expect(await publish(1, 1, 'a')).toBe(1)
    expect(await publish(2, 2, 'b')).toBe(2)
    expect(await publish(1, 3, 'x')).toBe(2)
    expect(await publish(2, 4, 'x')).toBe(2)
    expect(await source.ids()).toEqual(['a', 'b'])
  })

  test('stores all of a batch or nothing', async () => {
    const { publisher, source } = await ready()
    const batch = [message('a'), message('b', { topic: 'other' })]
    await expect(publisher.publishSequenced?.(lane(1), 1, batch)).rejects.toMatchObject({ code: 'NOT_FOUND' })
    expect(await publisher.position?.(lane(1))).toBe(0)
    expect(await source.ids()).toEqual([])
  })
})

test('after close every method refuses, and close itself does not', async () => {
  const { connection } = await bench()
  await connection.declare([topicSpec()], [spec()])
  await connection.publisher.publish([message('a')])
  const { source } = await open(connection)
  const { publisher, subscriber, persistence } = connection
  const [held] = (await source.pull(1)).deliveries
  await connection.close()
  await connection.close()
  const refused = [
    connection.declare([], []),
    connection.maintain?.(),
    publisher.publish([]),
    publisher.publishSequenced?.({ name: 'l', epoch: 1 }, 1, []),
    publisher.position?.({ name: 'l', epoch: 1 }),
    open(connection),
    subscriber.remove(spec()),
    source.pull(1),
    source.settle({ acks: [], others: [] }),
    source.renew?.([]),
    source.mark(held as never),
    persistence.topics(),
    persistence.subscriptions(),
    collect(persistence.history(TOPIC, { from: 'earliest' })),
    persistence.find?.(TOPIC, 'a'),
    persistence.trim?.(TOPIC, 0),
    collect(persistence.deadLetters({ subscription: spec() })),
    persistence.redrive({ subscription: spec() }),
    persistence.discard({ subscription: spec() }),
    persistence.counts(spec()),
  ]
  for (const one of await Promise.allSettled(refused)) {
    expect(one).toMatchObject({ status: 'rejected', reason: { code: 'CLOSED' } })
  }
  await source.close()
})
