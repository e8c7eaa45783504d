import { createBroker, topic } from '@pluribus/core'
import type { Adapter } from '@pluribus/core/driver'
import { InjectedFault, type UnreliableAdapter } from '@pluribus/core/testing'
import { describe, expect, it } from 'vitest'
import { refused, world } from './kit.js'

const orders = topic<{ n: number }>('orders.placed')
const other = topic<{ n: number }>('orders.shipped')

describe('guarantee 1: a failed publish says whether anything may have been stored', () => {
  it('has stored the message when publish() resolves', async () => {
    const { broker, clock, stored } = await world()
    const receipt = await clock.run(broker.publish(orders, { n: 1 }))
    expect(receipt.duplicate).toBe(false)
    expect(await stored(orders)).toMatchObject([{ id: receipt.id, payload: '{"n":1}', topic: 'orders.placed' }])
  })

  it('does not resolve before the adapter has answered', async () => {
    const { broker, clock, adapter } = await world()
    const release = adapter.hold('publish', { side: 'reply' })
    let isDone = false
    const publishing = broker.publish(orders, { n: 1 }).then(() => {
      isDone = true
    })
    await clock.advance(5_000)
    expect(adapter.publishedMessages).toBe(1)
    expect(isDone).toBe(false)
    release()
    await clock.run(publishing)
  })

  it('waits for a connection up to publishTimeout, then fails definite, to the millisecond', async () => {
    const { broker, clock, adapter, ids } = await world({ publishTimeout: '3s' })
    adapter.refuse()
    adapter.cut()
    const started = clock.monotonic()
    let failedAt = 0
    const failing = refused(broker.publish(orders, { n: 1 })).finally(() => {
      failedAt = clock.monotonic() - started
    })
    const error = await clock.run(failing)
    expect(failedAt).toBe(3_000)
    expect(error).toMatchObject({ code: 'UNAVAILABLE', outcome: 'definite', retryable: true })
    expect(error.message).toMatch(/3000 ms/)
    adapter.accept()
    await clock.advance(20_000)
    expect(await ids(orders)).toEqual([])
  })

  it('sends what has waited as soon as the connection is back', async () => {
    const { broker, clock, adapter, ids } = await world({ publishTimeout: '10s' })
    adapter.refuse()
    adapter.cut()
    const publishing = broker.publish(orders, { n: 1 }, { id: 'a' })
    await clock.advance(6_000)
    adapter.accept()
    expect((await clock.run(publishing)).id).toBe('a')
    expect(await ids(orders)).toEqual(['a'])
  })

  it('does not fail what is on its way by the time the connection is back', async () => {
    const { broker, clock, adapter, ids } = await world({ publishTimeout: '2s' })
    adapter.refuse()
    adapter.cut()
    const publishing = Promise.all([broker.publish(orders, { n: 1 }, { id: 'a' }), broker.publish(other, { n: 2 })])
    await clock.advance(1_000)
    adapter.delay('publish', 3_000)
    adapter.accept()
    await clock.run(publishing)
    expect(await ids(orders)).toEqual(['a'])
  })

  it('reports a cut before the call was executed as unknown where ids are generated, and does not send again', async () => {
    const { broker, clock, adapter, ids } = await world()
    adapter.failBefore('publish', { cut: true })
    const error = await clock.run(refused(broker.publish(orders, { n: 1 })))
    expect(error).toMatchObject({ outcome: 'unknown', code: 'UNAVAILABLE' })
    expect(error.message).toMatch(/may be stored/)
    await clock.advance(20_000)
    expect(await ids(orders)).toEqual([])
    expect(adapter.calls('publish')).toBe(1)
  })

  it('reports a lost reply as unknown where ids are generated; the message is there once', async () => {
    const { broker, clock, adapter, stored } = await world()
    adapter.loseReplies('publish')
    const error = await clock.run(refused(broker.publish(orders, { n: 1 })))
    expect(error.outcome).toBe('unknown')
    await clock.advance(20_000)
    const found = await stored(orders)
    expect(found).toHaveLength(1)
    expect(error.message).toContain(found[0]?.id)
  })

  it.each([
    ['before it was executed', (adapter: UnreliableAdapter) => adapter.failBefore('publish', { cut: true })],
    ['after it was executed', (adapter: UnreliableAdapter) => adapter.loseReplies('publish')],
    ['before, and the connection stays', (adapter: UnreliableAdapter) => adapter.failBefore('publish', { times: 3 })],
  ])('sends a supplied id again by itself: cut %s; one copy is stored', async (_, arm) => {
    const { broker, clock, adapter, ids } = await world()
    arm(adapter)
    const receipt = await clock.run(broker.publish(orders, { n: 1 }, { id: 'a' }))
    expect(receipt).toEqual({ id: 'a', duplicate: false })
    expect(adapter.calls('publish')).toBeGreaterThan(1)
    expect(await ids(orders)).toEqual(['a'])
  })

  it('sends in-doubt messages again in order and ahead of what was published later', async () => {
    const { broker, clock, adapter, ids } = await world()
    await clock.run(broker.publish(orders, { n: 0 }, { id: 'first' }))
    const release = adapter.hold('publish', { side: 'request' })
    adapter.loseReplies('publish')
    const early = ['a', 'b', 'c'].map(id => broker.publish(orders, { n: 1 }, { id }))
    await clock.settle()
    const late = ['d', 'e'].map(id => broker.publish(orders, { n: 2 }, { id }))
    await clock.settle()
    release()
    await clock.run(Promise.all([...early, ...late]))
    expect(await ids(orders)).toEqual(['first', 'a', 'b', 'c', 'd', 'e'])
  })

  it('does not send again where the adapter does not de-duplicate', async () => {
    const { broker, clock, adapter } = await world({ script: { capabilities: { deduplication: 'none' } } })
    adapter.failBefore('publish', { cut: true })
    expect((await clock.run(refused(broker.publish(orders, { n: 1 }, { id: 'a' })))).outcome).toBe('unknown')
    await clock.advance(20_000)
    expect(adapter.calls('publish')).toBe(1)
  })

  it('sends generated ids again too where the adapter de-duplicates all of them', async () => {
    const deduplication = { window: 60_000, ids: 'all' } as const
    const { broker, clock, adapter, ids } = await world({ script: { capabilities: { deduplication } } })
    adapter.failBefore('publish', { cut: true })
    const { id } = await clock.run(broker.publish(orders, { n: 1 }))
    expect(await ids(orders)).toEqual([id])
  })

  it('takes a publish that is never answered for lost after 10 s, and the connection for broken', async () => {
    const { broker, clock, adapter } = await world({ publishTimeout: '10s' })
    adapter.loseReplies('publish', { hang: true })
    const started = clock.monotonic()
    const error = await clock.run(refused(broker.publish(orders, { n: 1 })))
    expect(clock.monotonic() - started).toBe(10_000)
    expect(error).toMatchObject({ code: 'TIMEOUT', outcome: 'unknown', retryable: true })
    await clock.until(() => adapter.generation === 2)
    await clock.run(broker.publish(orders, { n: 2 }))
  })

  it('sends what was never answered again on the next connection where the id is recognised', async () => {
    const { broker, clock, adapter, ids } = await world({ publishTimeout: '30s' })
    adapter.loseReplies('publish', { hang: true })
    const publishing = [broker.publish(orders, { n: 1 }, { id: 'a' })]
    await clock.advance(100)
    publishing.push(broker.publish(orders, { n: 2 }, { id: 'b' }))
    await clock.run(Promise.all(publishing))
    expect(await ids(orders)).toEqual(['a', 'b'])
  })

  it('gives up sending again at publishTimeout, and then says unknown, not definite', async () => {
    const { broker, clock, adapter } = await world({ publishTimeout: '2s' })
    adapter.refuse()
    adapter.loseReplies('publish')
    const error = await clock.run(refused(broker.publish(orders, { n: 1 }, { id: 'a' })))
    expect(error.outcome).toBe('unknown')
    expect(error.message).not.toMatch(/nothing was stored/i)
    expect(error.message).toMatch(/may be stored/)
    expect(error.message).not.toMatch(/\.\./)
  })

  it('does not hammer a broker that refuses every batch', async () => {
    const { broker, clock, adapter } = await world({ publishTimeout: '5s' })
    adapter.failBefore('publish', { times: 10_000 })
    const error = await clock.run(refused(broker.publish(orders, { n: 1 }, { id: 'a' })))
    expect(error.outcome).toBe('unknown')
    expect(adapter.calls('publish')).toBeLessThan(30)
  })

  it('forgets its patience after a success: the next trouble is a new one', async () => {
    const { broker, clock, adapter } = await world()
    adapter.failBefore('publish', { times: 5 })
    await clock.run(broker.publish(orders, { n: 1 }, { id: 'a' }))
    adapter.failBefore('publish')
    await clock.run(broker.publish(orders, { n: 1 }, { id: 'b' }), { within: 100 })
  })

  it('does not make a new connection wait for what the old one refused', async () => {
    const { broker, clock, adapter } = await world()
    adapter.failBefore('publish', { times: 6 })
    const publishing = broker.publish(orders, { n: 1 }, { id: 'a' })
    await clock.until(() => adapter.calls('publish') === 6)
    adapter.cut()
    await clock.run(publishing, { within: 150 })
  })

  it('does not repeat what cannot succeed: a native error that is not retryable fails at once', async () => {
    const { broker, clock, adapter } = await world()
    adapter.failBefore('publish', { times: 10_000, error: new InjectedFault('no such user', 'UNAUTHORIZED') })
    const error = await clock.run(refused(broker.publish(orders, { n: 1 }, { id: 'a' })))
    expect(error).toMatchObject({ code: 'UNAUTHORIZED', outcome: 'unknown', retryable: false })
    expect(adapter.calls('publish')).toBe(1)
  })

  it('goes by what the connected server recognises, not by the best case', async () => {
    const { adapter, clock } = await world({ script: { capabilities: { deduplication: 'none' } } })
    const capabilities = { ...adapter.capabilities, deduplication: { window: 60_000, ids: 'all' } as const }
    const optimist: Adapter = {
      name: 'optimist',
      capabilities,
      connect: (environment, events) => adapter.connect(environment, events),
      classify: error => adapter.classify(error),
    }
    const broker = await clock.run(
      createBroker({ adapter: optimist, environment: clock.environment(), journal: 'off', logger: false }),
    )
    adapter.loseReplies('publish')
    expect((await clock.run(refused(broker.publish(orders, { n: 1 }, { id: 'a' })))).outcome).toBe('unknown')
    await clock.advance(20_000)
    expect(adapter.calls('publish')).toBe(1)
  })

  it('does not send again what the broker has forgotten, however long publishTimeout is', async () => {
    const { broker, clock, adapter, ids } = await world({ publishTimeout: '1h' })
    adapter.refuse()
    adapter.loseReplies('publish')
    const failing = refused(broker.publish(orders, { n: 1 }, { id: 'a' }))
    await clock.advance(6 * 60_000)
    adapter.accept()
    await clock.advance(60_000)
    expect((await clock.run(failing)).outcome).toBe('unknown')
    expect(await ids(orders)).toEqual(['a'])
  })

  it('survives a declaration that is never answered', async () => {
    const { broker, clock, adapter, ids } = await world({ publishTimeout: '30s' })
    adapter.loseReplies('declare', { hang: true })
    await clock.run(broker.publish(orders, { n: 1 }, { id: 'a' }))
    expect(await ids(orders)).toEqual(['a'])
  })

  it('fails definite at publishTimeout while the topic cannot be declared', async () => {
    const { broker, clock, adapter } = await world({ publishTimeout: '4s' })
    adapter.failBefore('declare', { times: 10_000 })
    const started = clock.monotonic()
    const error = await clock.run(refused(broker.publish(orders, { n: 1 }, { id: 'a' })))
    expect(error).toMatchObject({ code: 'UNAVAILABLE', outcome: 'definite' })
    expect(clock.monotonic() - started).toBe(4_000)
    expect(adapter.calls('declare')).toBeLessThan(15)
  })
})
