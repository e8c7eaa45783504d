import { runInNewContext } from 'node:vm'
import { bytes, type Codec, type PublishMiddleware, type StandardSchema, topic } from '@pluribus/core'
import { describe, expect, it } from 'vitest'
import { world } from './kit.js'

const raw = topic('images.raw', { codec: bytes })
const orders = topic<{ n: number; tags: string[] }>('orders.placed')

/** Accepts whatever it is given, after a while. */
const slow: StandardSchema<{ n: number }, { n: number }> = {
  '~standard': { version: 1, vendor: 'test', validate: async value => ({ value: value as { n: number } }) },
}

describe('guarantee 15: what is sent is what was given at the call, whatever becomes of it later', () => {
  it.each([[8], [64], [40_000], [300_000]])('copies %i bytes before the call returns', async size => {
    const { broker, clock, stored, adapter } = await world()
    adapter.delay('publish', 10)
    const buffer = Buffer.alloc(size, 1)
    const publishing = broker.publish(raw, buffer)
    buffer.fill(2)
    await clock.run(publishing)
    expect(Buffer.from((await stored(raw)).at(0)?.payload ?? '').equals(Buffer.alloc(size, 1))).toBe(true)
  })

  it('copies views of a shared buffer, one after the other, without mixing them up', async () => {
    const { broker, clock, stored } = await world()
    const shared = Buffer.alloc(1_000)
    const publishing = Array.from({ length: 500 }, (_, n) => {
      shared.writeUInt32BE(n, 4)
      return broker.publish(raw, shared.subarray(4, 8))
    })
    shared.fill(255)
    await clock.run(Promise.all(publishing))
    const found = (await stored(raw)).map(({ payload }) => Buffer.from(payload as Uint8Array).readUInt32BE(0))
    expect(found).toEqual(Array.from({ length: 500 }, (_, n) => n))
  })

  it('takes arrays of another realm, as a test runner in a vm makes them', async () => {
    const { broker, clock, stored } = await world()
    await clock.run(broker.publish(raw, runInNewContext('new Uint8Array([1, 2, 3])')))
    expect([...Buffer.from((await stored(raw)).at(0)?.payload ?? '')]).toEqual([1, 2, 3])
  })

  it('copies objects, keys and headers', async () => {
    const { broker, clock, stored } = await world()
    const data = { n: 1, tags: ['a'] }
    const options = { key: 'k', headers: { tenant: 'x' } as Record<string, string>, priority: 3 }
    const publishing = broker.publish(orders, data, options)
    data.n = 2
    data.tags.push('b')
    options.key = 'other'
    options.headers.tenant = 'other'
    options.priority = 9
    await clock.run(publishing)
    const [found] = await stored(orders)
    expect(found).toMatchObject({ payload: '{"n":1,"tags":["a"]}', key: 'k', priority: 3 })
    expect(found?.headers.tenant).toBe('x')
  })

  it('copies what a batch is made of, the list included', async () => {
    const { broker, clock, stored } = await world()
    const items = [{ data: { n: 1, tags: ['a'] } }, { data: { n: 2, tags: [] as string[] }, key: 'k' }]
    const publishing = broker.publishMany(orders, items)
    for (const item of items) item.data.n = 9
    items.pop()
    await clock.run(publishing)
    expect((await stored(orders)).map(({ payload, key }) => [payload, key])).toEqual([
      ['{"n":1,"tags":["a"]}', undefined],
      ['{"n":2,"tags":[]}', 'k'],
    ])
  })

  it('copies although the schema answers later', async () => {
    const { broker, clock, stored } = await world()
    const checked = topic('orders.checked', { schema: slow })
    const data = { n: 1 }
    const items = [{ data: { n: 2 } }, { data: { n: 3 } }]
    const publishing = [broker.publish(checked, data), broker.publishMany(checked, items)]
    data.n = 9
    for (const item of items) item.data.n = 9
    await clock.run(Promise.all(publishing))
    expect((await stored(checked)).map(({ payload }) => payload)).toEqual(['{"n":1}', '{"n":2}', '{"n":3}'])
  })

  it('copies although a middleware waits', async () => {
    const late: PublishMiddleware = async (draft, next) => {
      await Promise.resolve()
      return next(draft)
    }
    const { broker, clock, stored } = await world({ middleware: { publish: [late] } })
    const data = { n: 1, tags: ['a'] }
    const buffer = Buffer.from([1, 2])
    const options = { headers: { tenant: 'x' } }
    const items = [{ data: { n: 5, tags: [] as string[] } }]
    const publishing = [
      broker.publish(orders, data, options),
      broker.publish(raw, buffer),
      broker.publishMany(orders, items),
    ]
    data.tags.push('b')
    buffer.fill(9)
    if (items[0] !== undefined) items[0].data.n = 9
    await clock.run(Promise.all(publishing))
    expect((await stored(orders)).map(({ payload }) => payload)).toEqual(['{"n":1,"tags":["a"]}', '{"n":5,"tags":[]}'])
    expect([...Buffer.from((await stored(raw)).at(0)?.payload ?? '')]).toEqual([1, 2])
  })

  it('copies what a codec of the user’s returns, which may reuse its buffer', async () => {
    const scratch = Buffer.alloc(4)
    const codec: Codec<number> = {
      contentType: 'application/x-number',
      encode: value => {
        scratch.writeInt32BE(value)
        return scratch
      },
      decode: payload => Buffer.from(payload as Uint8Array).readInt32BE(0),
    }
    const counted = topic('numbers.counted', { codec })
    const { broker, clock } = await world()
    await clock.run(Promise.all([1, 2, 3].map(n => broker.publish(counted, n))))
    const seen: number[] = []
    await clock.run(broker.subscribe(counted.subscription('all'), message => void seen.push(message.data)))
    await clock.until(() => seen.length === 3)
    expect(seen).toEqual([1, 2, 3])
  })
})
