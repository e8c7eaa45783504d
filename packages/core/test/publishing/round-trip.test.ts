import { bytes, type Codec, createBroker, type Message, type PublishOptions, type Topic, topic } from '@pluribus/core'
import { VirtualClock } from '@pluribus/core/testing'
import { memory } from '@pluribus/memory'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { refused, world } from './kit.js'

const orders = topic<unknown>('orders.placed')

/** What a handler gets of what was published. */
async function through<T>(to: Topic<T, unknown>, data: T, options: PublishOptions = {}) {
  const { broker, clock } = await world({ source: 'checkout' })
  const seen: { message: Message<unknown>; at: number }[] = []
  await clock.run(
    broker.subscribe(to.subscription('all'), message => void seen.push({ message, at: clock.monotonic() })),
  )
  const publishedAt = clock.monotonic()
  const wall = clock.now()
  const receipt = await clock.run(broker.publish(to, data, options))
  await clock.until(() => seen.length === 1, { within: 40 * 86_400_000 })
  const [first] = seen as [(typeof seen)[number]]
  return { ...first, receipt, waited: first.at - publishedAt, wall, clock, broker, seen }
}

describe('what is published comes back', () => {
  it('with every field of the envelope', async () => {
    const versioned = topic<{ n: number }>('orders.placed', { version: 3 })
    const options = {
      id: 'a',
      key: 'k',
      priority: 7,
      headers: { tenant: 'x', __proto__2: 'y' },
      correlationId: 'c',
      causationId: 'd',
    }
    const { message, wall } = await through(versioned, { n: 1 }, options)
    expect(message).toMatchObject({
      id: 'a',
      topic: 'orders.placed',
      data: { n: 1 },
      key: 'k',
      priority: 7,
      source: 'checkout',
      version: 3,
      correlationId: 'c',
      causationId: 'd',
      contentType: 'application/json',
      payload: '{"n":1}',
      time: new Date(wall),
    })
    expect({ ...message.headers }).toEqual({ tenant: 'x', __proto__2: 'y' })
  })

  it('with its defaults: no key, priority 0, no headers, itself as correlation, a generated id', async () => {
    const { message, receipt } = await through(orders, 1)
    expect(message).toMatchObject({
      key: undefined,
      priority: 0,
      version: 1,
      causationId: undefined,
      correlationId: receipt.id,
      id: receipt.id,
    })
    expect(Object.keys(message.headers)).toEqual([])
    expect(receipt.id).toMatch(/^.{10,60}$/)
  })

  it('with headers called like parts of a prototype, ours and theirs apart', async () => {
    const headers = JSON.parse('{"__proto__":"a","constructor":"b","toString":"c","ключ":"d"}')
    const { message } = await through(orders, 1, { headers })
    expect(Object.entries(message.headers)).toEqual(Object.entries(headers))
    expect(({} as Record<string, unknown>).a).toBeUndefined()
  })

  it.each([
    ['null', null],
    ['text', 'text'],
    ['an empty text', ''],
    ['zero', 0],
    ['false', false],
    ['an empty list', []],
    ['deep', { a: [{ b: { c: [1, [2, [3]]] } }] }],
    ['unicode', '\u2028 \ud83d\ude00 é'],
    ['large', 'x'.repeat(300_000)],
  ])('as JSON: %s', async (_, data) => {
    expect((await through(orders, data)).message.data).toEqual(data)
  })

  it('as JSON: anything that is JSON', async () => {
    const { broker, clock } = await world()
    const seen = new Map<string, unknown>()
    await clock.run(broker.subscribe(orders.subscription('all'), message => void seen.set(message.id, message.data)))
    await fc.assert(
      fc.asyncProperty(fc.jsonValue(), async data => {
        const { id } = await clock.run(broker.publish(orders, data))
        await clock.until(() => seen.has(id))
        expect(seen.get(id)).toEqual(JSON.parse(JSON.stringify(data)))
      }),
      { numRuns: 200 },
    )
  })

  it.each([[0], [1], [100], [40_000]])('as %i bytes, in a buffer of its own', async size => {
    const raw = topic('images.raw', { codec: bytes })
    const given = Buffer.from(Array.from({ length: size }, (_, n) => n % 256))
    const { message } = await through(raw, given)
    const data = message.data as Buffer
    expect(data.equals(given)).toBe(true)
    expect(message.contentType).toBe('application/octet-stream')
    data.fill(0)
    expect(Buffer.from(message.payload as Uint8Array).equals(given)).toBe(true)
  })

  it('through a codec of the user’s, text or bytes', async () => {
    const reversed: Codec<string> = {
      contentType: 'text/x-reversed',
      encode: value => [...value].reverse().join(''),
      decode: payload => [...(payload as string)].reverse().join(''),
    }
    const { message } = await through(topic('texts.reversed', { codec: reversed }), 'abc')
    expect(message).toMatchObject({ data: 'abc', payload: 'cba', contentType: 'text/x-reversed' })
  })

  it.each([
    [
      'throws an error',
      () => {
        throw new RangeError('too far')
      },
      /too far/,
    ],
    [
      'throws a text',
      () => {
        throw 'text'
      },
      /text/,
    ],
    ['gives neither text nor bytes', () => 5 as never, /Uint8Array/],
    ['gives a promise', async () => 'text', /Uint8Array/],
    ['gives half a character', () => 'a\ud800', /lone surrogate/],
  ])('not through a codec that %s: ENCODING', async (_, encode, text) => {
    const broken: Codec<number> = { contentType: 'x/broken', encode: encode as never, decode: Number }
    const { broker } = await world()
    const error = await refused(broker.publish(topic('numbers.broken', { codec: broken }), 1))
    expect(error.code).toBe('ENCODING')
    expect(error.message).toMatch(text)
  })
})

describe('delays', () => {
  it.each([[1], [999], ['10s', 10_000], ['1.5s', 1_500], ['30d', 30 * 86_400_000]] as [number | string, number?][])(
    'of %s are exact',
    async (delay, ms = delay as number) => {
      expect((await through(orders, 1, { delay })).waited).toBe(ms)
    },
  )

  it('of 0 are none', async () => {
    expect((await through(orders, 1, { delay: 0 })).waited).toBe(0)
  })

  it.each([
    ['a date', (at: number) => new Date(at)],
    ['milliseconds', (at: number) => at],
    ['text', (at: number) => new Date(at).toISOString()],
  ])('up to %s are exact', async (_, write) => {
    const start = Date.UTC(2026, 0, 1)
    expect((await through(orders, 1, { deliverAt: write(start + 12_345) })).waited).toBe(12_345)
  })

  it('up to what has passed are none', async () => {
    expect((await through(orders, 1, { deliverAt: new Date(0) })).waited).toBe(0)
  })

  const WAYS = { delay: { delay: '10s' }, deliverAt: { deliverAt: Date.UTC(2026, 0, 1) + 10_000 } }
  const OUTAGES = ['before', 'lost reply', 'not executed'] as const
  const SHAPES = ['alone', 'in a batch', 'behind another'] as const
  const cases = Object.entries(WAYS).flatMap(([way, options]) =>
    OUTAGES.flatMap(outage => SHAPES.map(shape => ({ way, options, outage, shape }))),
  )

  it.each(cases)('count from the call: $way, $shape, $outage', async ({ options, outage, shape }) => {
    const { broker, clock, adapter } = await world()
    const seen: number[] = []
    const note = (message: Message<unknown>) => {
      if (message.data === 'delayed') seen.push(clock.monotonic())
    }
    await clock.run(broker.subscribe(orders.subscription('all'), note))
    adapter.refuse()
    if (outage === 'before') adapter.cut()
    else if (outage === 'lost reply') adapter.loseReplies('publish')
    else adapter.failBefore('publish', { cut: true })
    const publishing: Promise<unknown>[] =
      shape === 'behind another' ? [broker.publish(orders, 'now', { id: 'now' })] : []
    const item = { data: 'delayed', id: 'delayed', ...options }
    if (shape === 'in a batch') publishing.push(broker.publishMany(orders, [{ data: 'now', id: 'now' }, item]))
    else publishing.push(broker.publish(orders, 'delayed', { id: 'delayed', ...options }))
    await clock.advance(6_000)
    adapter.accept()
    await clock.run(Promise.all(publishing))
    await clock.until(() => seen.length === 1)
    expect(seen).toEqual([10_000])
  })

  it('do not hold up what is published later', async () => {
    const { broker, clock } = await world()
    const seen: unknown[] = []
    await clock.run(broker.subscribe(orders.subscription('all'), message => void seen.push(message.data)))
    await clock.run(
      broker.publishMany(orders, [{ data: 'late', delay: 500 }, { data: 'now' }, { data: 'soon', delay: 100 }]),
    )
    await clock.advance(1_000)
    expect(seen).toEqual(['now', 'soon', 'late'])
  })
})

describe('generated ids', () => {
  it('are not repeated by a broker of the same name after a restart', async () => {
    const clock = new VirtualClock()
    const ids = new Set<string>()
    for (let life = 0; life < 3; life++) {
      const environment = clock.environment({ instance: 'worker-1' })
      const broker = await clock.run(createBroker({ adapter: memory(), environment, logger: false }))
      for (let n = 0; n < 10; n++) ids.add((await clock.run(broker.publish(orders, n))).id)
      await clock.run(broker.close())
    }
    expect(ids.size).toBe(30)
  })
})
