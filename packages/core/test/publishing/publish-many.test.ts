import { topic } from '@pluribus/core'
import { InjectedFault } from '@pluribus/core/testing'
import { describe, expect, it } from 'vitest'
import { calls, refused, world } from './kit.js'

const orders = topic<{ n: number }>('orders.placed')
const items = (count: number) => Array.from({ length: count }, (_, n) => ({ data: { n }, id: `m${n}` }))

describe('publishMany', () => {
  it('reports receipts in order, with the ids that were supplied and others for the rest', async () => {
    const { broker, clock, ids } = await world()
    const report = await clock.run(broker.publishMany(orders, [{ data: { n: 1 }, id: 'a' }, { data: { n: 2 } }]))
    expect(report.stored).toBe(2)
    expect(report.failures).toEqual([])
    expect(report.receipts).toMatchObject([{ id: 'a', duplicate: false }, { duplicate: false }])
    expect(report.receipts.map(receipt => receipt?.id)).toEqual(await ids(orders))
  })

  it('does nothing for an empty batch', async () => {
    const { broker, adapter } = await world()
    expect(await broker.publishMany(orders, [])).toMatchObject({ stored: 0, failures: [], receipts: [] })
    expect(calls(adapter)).toBe(0)
  })

  it('takes anything that can be iterated, once', async () => {
    const { broker, clock, ids } = await world()
    function* generate() {
      for (const item of items(3)) yield item
    }
    await clock.run(broker.publishMany(orders, generate()))
    await clock.run(broker.publishMany(orders, new Set([{ data: { n: 4 }, id: 'set' }])))
    expect(await ids(orders)).toEqual(['m0', 'm1', 'm2', 'set'])
  })

  it('reports duplicates as stored: of earlier publishes, and within the batch', async () => {
    const { broker, clock, ids } = await world()
    expect(await clock.run(broker.publish(orders, { n: 0 }, { id: 'm1' }))).toEqual({ id: 'm1', duplicate: false })
    expect(await clock.run(broker.publish(orders, { n: 0 }, { id: 'm1' }))).toEqual({ id: 'm1', duplicate: true })
    const report = await clock.run(broker.publishMany(orders, [...items(3), { data: { n: 9 }, id: 'm0' }]))
    expect(report.stored).toBe(4)
    expect(report.receipts.map(receipt => receipt?.duplicate)).toEqual([false, true, false, true])
    expect(await ids(orders)).toEqual(['m1', 'm0', 'm2'])
  })

  it('tells partial failures apart, each with its index, id, code and outcome; the rest is stored', async () => {
    const { broker, clock, adapter, ids } = await world()
    adapter.failMessages(({ id }) => id === 'm1', 'definite', { error: new InjectedFault('too big', 'TOO_LARGE') })
    adapter.failMessages(({ id }) => id === 'm3', 'unknown', { stored: false })
    const error = await clock.run(refused(broker.publishMany(orders, items(5))))
    expect(error).toMatchObject({ code: 'TOO_LARGE', outcome: 'unknown', details: { failed: 2, of: 5 } })
    expect(error.message).toMatch(/2 of 5 messages failed; the first, number 1: .*too big/)
    const { report } = error
    expect(report?.stored).toBe(3)
    expect(report?.receipts.map(receipt => receipt?.id)).toEqual(['m0', undefined, 'm2', undefined, 'm4'])
    expect(report?.failures).toMatchObject([
      { index: 1, id: 'm1', error: { code: 'TOO_LARGE', outcome: 'definite', retryable: false } },
      { index: 3, id: 'm3', error: { code: 'UNAVAILABLE', outcome: 'unknown', retryable: true } },
    ])
    expect(report?.failures[1]?.error.message).toContain('id m3')
    expect(await ids(orders)).toEqual(['m0', 'm2', 'm4'])
    expect(JSON.parse(JSON.stringify(error))).toMatchObject({ code: 'TOO_LARGE', outcome: 'unknown' })
  })

  it('is definite where nothing at all was stored', async () => {
    const { broker, clock, adapter } = await world()
    adapter.failMessages(() => true, 'definite')
    const error = await clock.run(refused(broker.publishMany(orders, items(3))))
    expect(error.outcome).toBe('definite')
    expect(error.report?.failures.map(({ index }) => index)).toEqual([0, 1, 2])
  })

  it('fails what is in doubt, one by one, where only some ids are recognised', async () => {
    const { broker, clock, adapter } = await world()
    adapter.failBefore('publish', { cut: true })
    const batch = [{ data: { n: 0 } }, { data: { n: 1 }, id: 'a' }, { data: { n: 2 } }, { data: { n: 3 }, id: 'b' }]
    const error = await clock.run(refused(broker.publishMany(orders, batch)))
    expect(error.report?.stored).toBe(2)
    expect(error.report?.failures.map(({ index, error: of }) => [index, of.outcome])).toEqual([
      [0, 'unknown'],
      [2, 'unknown'],
    ])
    expect(error.report?.receipts.map(receipt => receipt?.id)).toEqual([undefined, 'a', undefined, 'b'])
  })

  it('lists failures by their place, also where the first fails last', async () => {
    const { broker, clock, adapter } = await world({ publishTimeout: '2s' })
    adapter.refuse()
    adapter.loseReplies('publish')
    const batch = [{ data: { n: 0 }, id: 'sent again' }, { data: { n: 1 } }]
    const error = await clock.run(refused(broker.publishMany(orders, batch)))
    expect(error.report?.failures.map(({ index }) => index)).toEqual([0, 1])
    expect(error.message).toMatch(/the first, number 0/)
  })

  it('tells what was in doubt from what was never sent, in one batch', async () => {
    const { broker, clock, adapter } = await world({ publishTimeout: '2s' })
    await clock.run(broker.declare(orders))
    const batch = items(1_500).map((item, n) => (n < 1_024 ? item : { data: item.data }))
    adapter.loseReplies('publish')
    adapter.refuse()
    const error = await clock.run(refused(broker.publishMany(orders, batch)))
    const indices = error.report?.failures.map(({ index }) => index)
    expect(indices).toEqual(Array.from({ length: 1_500 }, (_, n) => n))
    expect(error.report?.failures.map(of => of.error.outcome).indexOf('definite')).toBe(1_024)
  })

  it.each([
    ['a bad option', { data: { n: 1 }, prioritty: 1 }, 'INVALID_ARGUMENT', /did you mean "?priority/i],
    ['a bad id', { data: { n: 1 }, id: '' }, 'INVALID_ARGUMENT', /message id/],
    ['bad headers', { data: { n: 1 }, headers: { a: 1 } }, 'INVALID_ARGUMENT', /header/],
    ['data that cannot be encoded', { data: { n: 1n } }, 'ENCODING', /data\.n/],
    ['no data', { key: 'k' }, 'INVALID_ARGUMENT', /data/],
    ['a misspelt data', { dta: 1 }, 'INVALID_ARGUMENT', /data/],
    ['nothing', undefined, 'INVALID_ARGUMENT', /item/],
    ['null', null, 'INVALID_ARGUMENT', /item/],
    ['text', 'x', 'INVALID_ARGUMENT', /item/],
    [
      'a getter that throws',
      Object.defineProperty({}, 'data', {
        enumerable: true,
        get: () => {
          throw new Error('trap')
        },
      }),
      'INVALID_ARGUMENT',
      /could not be read/,
    ],
  ])('rejects before anything is sent where one item is %s, naming its index', async (_, bad, code, text) => {
    const { broker, adapter } = await world()
    const error = await refused(broker.publishMany(orders, [...items(2), bad, ...items(1)] as never))
    expect(error).toMatchObject({ code, outcome: 'definite', details: { index: 2 } })
    expect(error.message).toMatch(/item 2: /)
    expect(error.message).toMatch(/Nothing was published/)
    expect(error.message).toMatch(text)
    expect(error.report).toBeUndefined()
    expect(calls(adapter)).toBe(0)
  })

  it.each([[undefined], [null], [5], ['text'], [{ data: { n: 1 } }], [() => []]])(
    'rejects %s instead of a list',
    async bad => {
      const { broker, adapter } = await world()
      expect(await refused(broker.publishMany(orders, bad as never))).toMatchObject({ code: 'INVALID_ARGUMENT' })
      expect(calls(adapter)).toBe(0)
    },
  )
})

describe('maxPending', () => {
  const blob = topic<string>('blobs.sent', {
    codec: { contentType: 'text/plain', encode: value => value, decode: String },
  })
  const kilobyte = 'x'.repeat(1_000)

  it('fails at once and definite with OVERLOADED beyond it, and recovers when what is in flight is answered', async () => {
    const { broker, clock, adapter, stored } = await world({ maxPending: 10_000 })
    const release = adapter.hold('publish')
    const accepted = Array.from({ length: 8 }, () => broker.publish(blob, kilobyte))
    const error = await refused(broker.publish(blob, kilobyte))
    expect(error).toMatchObject({
      code: 'OVERLOADED',
      outcome: 'definite',
      retryable: true,
      details: { maxPending: 10_000 },
    })
    expect(await refused(broker.publishMany(blob, [{ data: kilobyte }]))).toMatchObject({
      code: 'OVERLOADED',
      outcome: 'definite',
    })
    release()
    await clock.run(Promise.all(accepted))
    await clock.run(broker.publish(blob, kilobyte))
    expect(await stored(blob)).toHaveLength(9)
  })

  it('holds during an outage, and recovers when what waited has failed', async () => {
    const { broker, clock, adapter } = await world({ maxPending: 5_000, publishTimeout: '2s' })
    adapter.refuse()
    adapter.cut()
    const waiting = Array.from({ length: 4 }, () => refused(broker.publish(blob, kilobyte)))
    expect((await refused(broker.publish(blob, kilobyte))).code).toBe('OVERLOADED')
    expect((await clock.run(Promise.all(waiting))).map(({ code }) => code)).toEqual(Array(4).fill('UNAVAILABLE'))
    const next = broker.publish(blob, kilobyte)
    adapter.accept()
    await clock.run(next)
  })

  it('counts headers, and lets a single message pass that is larger than all of it', async () => {
    const { broker, clock, adapter } = await world({ maxPending: 5_000 })
    await clock.run(broker.publish(blob, 'x'.repeat(20_000)))
    adapter.hold('publish')
    void broker.publish(blob, '', { headers: { a: 'x'.repeat(5_000) } })
    expect((await refused(broker.publish(blob, ''))).code).toBe('OVERLOADED')
  })

  it('is 16 MiB by default', async () => {
    const { broker, adapter } = await world()
    adapter.hold('publish')
    const megabyte = 'x'.repeat(1_048_576)
    let accepted = 0
    let error: unknown
    while (error === undefined && accepted < 20) {
      let failed: unknown
      broker.publish(blob, megabyte).catch(reason => {
        failed = reason
      })
      await Promise.resolve()
      await Promise.resolve()
      error = failed
      if (failed === undefined) accepted++
    }
    expect(accepted).toBe(15)
    expect(error).toMatchObject({ code: 'OVERLOADED' })
  })
})
