import { PluribusError } from '@pluribus/core/driver'
import { describe, expect, test } from 'vitest'
import { capabilitiesOn } from '../src/capabilities.js'
import { RefusedError } from '../src/errors.js'
import { nats } from '../src/index.js'
import { ack, connect, declared, idsOf, message, onNats, open, prefix, publish, spec, TOPIC, take } from './kit.js'

describe('the adapter', () => {
  test('capabilities are frozen to the bottom, and survive JSON', () => {
    const { capabilities } = nats({ deduplicationWindow: '2s' })
    const isFrozen = (value: unknown): boolean =>
      typeof value !== 'object' || value === null || (Object.isFrozen(value) && Object.values(value).every(isFrozen))
    expect(isFrozen(capabilities)).toBe(true)
    expect(JSON.parse(JSON.stringify(capabilities))).toEqual(capabilities)
    expect(capabilities.deduplication).toEqual({ window: 2_000, ids: 'supplied' })
  })

  test('a server that takes less in one message gives less', () => {
    const { capabilities } = nats()
    expect(capabilitiesOn(capabilities, 1_048_576)).toBe(capabilities)
    expect(capabilitiesOn(capabilities, 8_388_608)).toBe(capabilities)
    expect(capabilitiesOn(capabilities, 524_288).limits.payload).toBe(131_072)
    expect(capabilitiesOn(capabilities, 1_024).limits.payload).toBe(0)
  })

  test.each<[string, unknown, string, boolean]>([
    ['an error of ours', new PluribusError('CONFLICT', 'x'), 'CONFLICT', false],
    ['a stream that somebody else is making', new RefusedError(10_049, 'x'), 'UNAVAILABLE', true],
    ['a full store', new RefusedError(10_077, 'x'), 'OVERLOADED', true],
    ['no answer from any stream', new RefusedError(0, 'x'), 'UNAVAILABLE', true],
    ['a number that nobody knows', new RefusedError(1, 'x'), 'UNKNOWN', false],
    ['a socket that was reset', Object.assign(new Error('x'), { code: 'ECONNRESET' }), 'UNAVAILABLE', true],
    ['a defect', new TypeError('x'), 'UNKNOWN', false],
    ['nothing at all', undefined, 'UNKNOWN', false],
  ])('reads %s', (_, error, code, retryable) => {
    expect(nats().classify(error)).toEqual({ code, retryable })
  })
})

onNats('on a server', server => {
  test('topics whose names differ in a dot or a dash, and prefixes, do not meet', async () => {
    const names = ['a.b', 'a-b', 'a', 'ab']
    const options = { prefix: prefix() }
    const connection = await connect(server(), options)
    await connection.declare(
      names.map(name => ({ name, partitions: 1, retention: {} })),
      names.map(topic => spec('billing', { topic })),
    )
    const other = await connect(server())
    await other.declare([{ name: 'a', partitions: 1, retention: {} }], [])
    for (const topic of names) await publish(connection, message(`of ${topic}`, { topic }))
    for (const topic of names) {
      const ids: string[] = []
      for await (const { id } of connection.persistence.history(topic, { from: 'earliest' })) ids.push(id)
      expect(ids).toEqual([`of ${topic}`])
    }
    expect((await connection.persistence.topics()).map(({ name }) => name).toSorted()).toEqual(names.toSorted())
    expect(await other.persistence.topics()).toEqual([{ name: 'a', partitions: 1, retention: {} }])
    await connection.close()
    await other.close()
  })

  test('what was handed out is kept alive by a longer lease than the subscription has', async () => {
    const connection = await declared(server())
    const short = await open(connection, 'billing', 300)
    const long = await open(connection, 'billing', 60_000)
    await publish(connection, message('a'))
    const [held] = await take(long, 1)
    const other = await open(connection, 'billing', 300)
    const until = performance.now() + 1_500
    while (performance.now() < until) {
      expect((await other.source.pull(1)).deliveries).toEqual([])
      await new Promise(resolve => setTimeout(resolve, 50))
    }
    expect(await ack(long, held === undefined ? [] : [held])).toEqual([])
    for (const { source } of [short, long, other]) await source.close()
    await connection.close()
  })

  test('a consumer that somebody deletes ends its source, and is made anew by the next', async () => {
    const options = { prefix: prefix() }
    const connection = await declared(server(), options)
    const source = await open(connection)
    await publish(connection, message('a'))
    await ack(source, await take(source, 1))
    await (await connect(server(), options)).subscriber.remove({ topic: TOPIC, name: 'billing' })
    await expect.poll(() => source.causes.length, { timeout: 15_000 }).toBe(1)
    expect(source.causes[0]).toMatchObject({ code: 'NOT_FOUND' })
    await connection.declare([], [spec()])
    const again = await open(connection)
    expect(idsOf(await take(again, 1))).toEqual(['a'])
    await again.source.close()
    await connection.close()
  })
})
