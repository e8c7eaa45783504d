import { runInNewContext } from 'node:vm'
import { describe, expect, test } from 'vitest'
import { bench, message, open, spec, TOPIC, topicSpec } from './kit.js'

describe('declare', () => {
  test('is idempotent, and answers nothing when nothing changes', async () => {
    const { connection } = await bench()
    expect(await connection.declare([topicSpec()], [spec()])).toEqual([])
    await connection.publisher.publish([message('a')])
    expect(await connection.declare([topicSpec()], [spec()])).toEqual([])
    expect(await (await open(connection)).ids()).toEqual(['a'])
    expect(await connection.persistence.topics()).toEqual([topicSpec()])
    expect(await connection.persistence.subscriptions()).toEqual([spec()])
    await expect(connection.persistence.subscriptions('other')).rejects.toMatchObject({ code: 'NOT_FOUND' })
  })

  test('knows equal settings of another realm, such as those that test runners make', async () => {
    const { connection } = await bench()
    const foreign = () => runInNewContext(`(${JSON.stringify({ topic: topicSpec(), subscription: spec('foreign') })})`)
    for (const { topic, subscription } of [foreign(), foreign()]) {
      expect(await connection.declare([topic], [subscription])).toEqual([])
    }
  })

  test('overwrites settings, and answers which', async () => {
    const { connection } = await bench()
    await connection.declare([topicSpec()], [spec()])
    const changed = spec('billing', { timeout: 9, discipline: { kind: 'fifo', levels: 1, atLeast: 'windowed' } })
    expect(await connection.declare([topicSpec(TOPIC, { age: 1 })], [changed])).toEqual([
      { topic: TOPIC, setting: 'retention', from: {}, to: { age: 1 } },
      {
        topic: TOPIC,
        subscription: 'billing',
        setting: 'discipline',
        from: spec().discipline,
        to: changed.discipline,
      },
      { topic: TOPIC, subscription: 'billing', setting: 'timeout', from: 5_000, to: 9 },
    ])
    expect(await connection.persistence.topics()).toEqual([topicSpec(TOPIC, { age: 1 })])
    expect(await connection.persistence.subscriptions()).toEqual([changed])
  })

  test.each([
    ['kind', spec('billing', { discipline: { kind: 'lifo', levels: 1, atLeast: 'exact' } })],
    ['levels', spec('urgent', { discipline: { kind: 'priority', levels: 4, atLeast: 'exact' } })],
  ])('refuses another %s of discipline, and does nothing', async (_, other) => {
    const { connection } = await bench()
    const urgent = spec('urgent', { discipline: { kind: 'priority', levels: 3, atLeast: 'exact' } })
    await connection.declare([topicSpec()], [spec(), urgent])
    await expect(connection.declare([topicSpec('new')], [spec('newer'), other])).rejects.toMatchObject({
      code: 'CONFLICT',
      details: { setting: 'discipline', subscription: other.name },
    })
    expect(await connection.persistence.topics()).toHaveLength(1)
    expect(await connection.persistence.subscriptions()).toEqual([spec(), urgent])
  })

  test('refuses other partitions, also within one call', async () => {
    const { connection } = await bench()
    const other = { ...topicSpec(), partitions: 2 }
    await expect(connection.declare([topicSpec(), other], [])).rejects.toMatchObject({ code: 'CONFLICT' })
    expect(await connection.persistence.topics()).toEqual([])
    await connection.declare([topicSpec()], [])
    await expect(connection.declare([other], [])).rejects.toMatchObject({
      code: 'CONFLICT',
      details: { setting: 'partitions', stored: 1, declared: 2 },
    })
  })

  test('refuses a subscription of a topic that nobody declared', async () => {
    const { connection } = await bench()
    await expect(connection.declare([], [spec()])).rejects.toMatchObject({ code: 'NOT_FOUND' })
  })
})

describe('what was not declared', () => {
  test('cannot be published to: definite, message by message', async () => {
    const { connection } = await bench()
    await connection.declare([topicSpec()], [spec()])
    const batch = [message('a'), message('b', { topic: 'other' }), message('c')]
    expect(await connection.publisher.publish(batch)).toMatchObject([
      { index: 1, kind: 'failed', outcome: 'definite', error: { code: 'NOT_FOUND', details: { topic: 'other' } } },
    ])
    expect(await (await open(connection)).ids()).toEqual(['a', 'c'])
  })

  test('cannot be opened, read or counted', async () => {
    const { connection } = await bench()
    await connection.declare([topicSpec()], [])
    const refused = [
      open(connection),
      open(connection, spec('billing', { topic: 'other' })),
      connection.persistence.counts(spec()),
      connection.persistence.redrive({ subscription: spec() }),
      connection.persistence.trim?.('other', 0),
    ]
    for (const one of await Promise.allSettled(refused)) {
      expect(one).toMatchObject({ status: 'rejected', reason: { code: 'NOT_FOUND' } })
    }
  })

  test('can be removed all the same', async () => {
    const { connection } = await bench()
    await connection.subscriber.remove(spec())
    await connection.declare([topicSpec()], [spec()])
    await connection.subscriber.remove(spec())
    await connection.subscriber.remove(spec())
    expect(await connection.persistence.subscriptions()).toEqual([])
  })
})

test('removing a subscription ends its sources, and one of the same name starts anew', async () => {
  const { connection } = await bench()
  await connection.declare([topicSpec()], [spec()])
  const source = await open(connection)
  await connection.publisher.publish([message('a')])
  const [held] = await source.pull()
  await connection.subscriber.remove(spec())
  expect(source.told.ended).toMatchObject([{ code: 'NOT_FOUND' }])
  await expect(source.ack(held as never)).rejects.toMatchObject({ code: 'CLOSED' })
  await source.source.close()
  await connection.declare([], [spec()])
  expect(await (await open(connection)).ids()).toEqual(['a'])
})
