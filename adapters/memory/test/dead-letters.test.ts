import { describe, expect, test } from 'vitest'
import { type Bench, collect, history, message, open, publish, ready, settleOne, spec, TOPIC } from './kit.js'

const deadOf = async ({ connection }: Bench, query = {}) =>
  (await collect(connection.persistence.deadLetters({ subscription: spec(), ...query }))).map(dead => dead.message.id)

/** Kills the messages with the given ids. */
async function withDead(...ids: string[]) {
  const setup = await ready()
  await publish(setup, ...ids.map(id => [id] as [string]))
  for (const delivery of await setup.consumer.pull()) await settleOne(setup.consumer, delivery, 'reject')
  return setup
}

describe('dead letters', () => {
  test('hold the untouched message, the reason and every error, in the order in which they died', async () => {
    const setup = await ready()
    const published = message('a', { headers: { tenant: 'x' } })
    await setup.connection.publisher.publish([published, message('b')])
    const [a, b] = await setup.consumer.pull()
    await settleOne(setup.consumer, b as never, 'reject')
    await settleOne(setup.consumer, a as never, 'retry')
    const [again] = await setup.consumer.pull()
    await settleOne(setup.consumer, again as never, 'reject')
    const [dead, ...rest] = (
      await collect(setup.connection.persistence.deadLetters({ subscription: spec() }))
    ).reverse()
    expect(rest).toHaveLength(1)
    expect(dead?.message).toBe(published)
    expect(dead).toMatchObject({
      subscription: { topic: TOPIC, name: 'billing' },
      reason: 'EXHAUSTED',
      attempts: 2,
      losses: 0,
      time: setup.clock.now(),
      errors: [{ message: 'run 1' }, { message: 'run 2' }],
    })
  })

  test('redrive puts back into the failed subscription only, at the tail, with everything forgotten', async () => {
    const setup = await withDead('a', 'b')
    await setup.connection.declare([], [spec('mail', { from: 'latest' })])
    const mail = await open(setup.connection, spec('mail'))
    await publish(setup, ['c'])
    const redriven = await setup.connection.persistence.redrive({ subscription: spec(), ids: ['a', 'x'] })
    expect(redriven).toEqual({ redriven: 1, missing: ['x'] })
    expect(await deadOf(setup)).toEqual(['b'])
    expect((await setup.consumer.pull()).map(({ message, attempt }) => [message.id, attempt])).toEqual([
      ['c', 1],
      ['a', 1],
    ])
    expect(await mail.ids()).toEqual(['c'])
  })

  test('a redriven message that dies again has only its new errors', async () => {
    const setup = await ready()
    await publish(setup, ['a'])
    for (const delivery of await setup.consumer.pull()) await settleOne(setup.consumer, delivery, 'retry')
    for (const delivery of await setup.consumer.pull()) await settleOne(setup.consumer, delivery, 'reject')
    await setup.connection.persistence.redrive({ subscription: spec() })
    for (const delivery of await setup.consumer.pull()) await settleOne(setup.consumer, delivery, 'reject')
    const [dead] = await collect(setup.connection.persistence.deadLetters({ subscription: spec() }))
    expect(dead?.errors).toHaveLength(1)
    expect(dead?.attempts).toBe(1)
  })

  test('a redrive wakes who waits', async () => {
    const setup = await withDead('a')
    expect(await setup.consumer.ids()).toEqual([])
    await setup.connection.persistence.redrive({ subscription: spec() })
    expect(setup.consumer.told.wakes).toBe(1)
  })

  test('queries take ids, and the oldest up to a limit', async () => {
    const setup = await withDead('a', 'b', 'c')
    expect(await deadOf(setup, { limit: 2 })).toEqual(['a', 'b'])
    expect(await deadOf(setup, { ids: ['c', 'a'] })).toEqual(['a', 'c'])
    const limited = await setup.connection.persistence.redrive({ subscription: spec(), ids: ['c', 'a'], limit: 1 })
    expect(limited).toEqual({ redriven: 1, missing: [] })
    expect(await deadOf(setup)).toEqual(['b', 'c'])
  })

  test('discard deletes for good, and lets retention have the message', async () => {
    const setup = await withDead('a', 'b')
    const { persistence } = setup.connection
    expect(await persistence.trim?.(TOPIC, setup.clock.now() + 1)).toBe(0)
    expect(await persistence.discard({ subscription: spec(), ids: ['a'] })).toBe(1)
    expect(await persistence.discard({ subscription: spec(), ids: ['a'] })).toBe(0)
    expect(await deadOf(setup)).toEqual(['b'])
    expect(await persistence.trim?.(TOPIC, setup.clock.now() + 1)).toBe(1)
    expect(await history(setup)).toEqual(['b'])
  })
})
