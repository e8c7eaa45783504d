import { type Broker, json, lifo, priority, reject, retry, topic } from '@pluribus/core'
import { describe, expect, it } from 'vitest'
import { calls, refused, thrown, world } from '../publishing/kit.js'

const orders = topic<unknown>('orders.placed')
const billing = orders.subscription('billing')
const KEEP_DELAYS = 2 ** 31
const cycle: Record<string, unknown> = {}
cycle.self = cycle
// biome-ignore lint/suspicious/noSparseArray: what is refused
const sparse = [1, , 3]
const hostile = new Proxy(
  {},
  {
    ownKeys: () => {
      throw new Error('trap')
    },
    get: () => {
      throw new Error('trap')
    },
  },
)
const getter = {
  get data() {
    throw new Error('trap')
  },
}

const NAMES = [
  '',
  ' ',
  'a'.repeat(101),
  '*',
  'orders.*',
  'orders.>',
  'orders.#',
  '..',
  '.',
  'a..b',
  '.a',
  'a.',
  '__proto__',
  'Orders',
  'a b',
  'a/b',
  'a\u0000',
  'a\n',
  'a\u200b',
  'é',
  'e\u0301',
  '\ud800',
  'ａ',
  5,
  null,
  undefined,
  {},
  Symbol('x'),
]

describe('bad names are INVALID_ARGUMENT', () => {
  it.each(NAMES.map(name => [name]))('for a topic: %j', name => {
    expect(thrown(() => topic(name as never)).code).toBe('INVALID_ARGUMENT')
  })
  it.each(
    NAMES.filter(name => name !== 'a'.repeat(101))
      .concat('a.b', 'a'.repeat(61))
      .map(name => [name]),
  )('for a subscription: %j', name => {
    expect(thrown(() => orders.subscription(name as never)).code).toBe('INVALID_ARGUMENT')
  })
})

const MODEL: [string, () => unknown, RegExp?][] = [
  ['an unknown option of a topic', () => topic('a', { retension: { age: '1d' } } as never), /Did you mean "retention"/],
  ['topic options that are null', () => topic('a', null as never)],
  ['a version of 0', () => topic('a', { version: 0 })],
  ['no partitions', () => topic('a', { partitions: 0 })],
  ['half a partition', () => topic('a', { partitions: 1.5 })],
  ['a retention of no bytes', () => topic('a', { retention: { bytes: 0 } })],
  ['a retention with an unknown option', () => topic('a', { retention: { aeg: '1d' } } as never), /Did you mean "age"/],
  ['a negative retention', () => topic('a', { retention: { age: -1 } })],
  ['a codec that is none', () => topic('a', { codec: {} as never }), /codec/],
  ['a codec that is null', () => topic('a', { codec: null as never }), /codec/],
  ['a schema that is none', () => topic('a', { schema: {} as never }), /Standard Schema/],
  ['a schema that is null', () => topic('a', { schema: null as never }), /Standard Schema/],
  ['a function that was not called for a codec', () => topic('a', { codec: json as never }), /codec/],
  [
    'an unknown option of a subscription',
    () => orders.subscription('a', { retyr: {} } as never),
    /Did you mean "retry"/,
  ],
  [
    'concurrency among the options of a subscription',
    () => orders.subscription('a', { concurrency: 5 } as never),
    /concurrency/,
  ],
  ['a discipline that is text', () => orders.subscription('a', { discipline: 'lifo' as never }), /lifo\(\)/],
  [
    'a discipline made by hand',
    () => orders.subscription('a', { discipline: { kind: 'priority', levels: -3, atLeast: 'exact' } }),
    /discipline|levels/,
  ],
  ['a discipline that was not called', () => orders.subscription('a', { discipline: lifo as never }), /lifo\(\)/],
  ['one level of priority', () => priority({ levels: 1 })],
  ['too many levels', () => priority({ levels: 257 })],
  ['an unknown option of priority', () => priority({ level: 3 } as never), /Did you mean "levels"/],
  ['an unknown looseness', () => lifo({ atLeast: 'none' as never })],
  ['a timeout of 0', () => orders.subscription('a', { timeout: 0 })],
  ['a timeout that is NaN', () => orders.subscription('a', { timeout: Number.NaN })],
  ['an endless timeout', () => orders.subscription('a', { timeout: Number.POSITIVE_INFINITY })],
  ['no attempts', () => orders.subscription('a', { retry: { attempts: 0 } })],
  ['a negative delay', () => orders.subscription('a', { retry: { delays: [-1] } })],
  ['a delay in words', () => orders.subscription('a', { retry: { delays: ['soon'] } })],
  ['delays that are no list', () => orders.subscription('a', { retry: { delays: '1s' as never } })],
  ['a start that is unknown', () => orders.subscription('a', { from: 'begin' as never }), /earliest/],
  ['a start at an invalid date', () => orders.subscription('a', { from: { time: new Date('x') } })],
  ['a start at two places', () => orders.subscription('a', { from: { time: 1, id: 'a' } as never })],
  ['a retry after NaN', () => retry({ after: Number.NaN })],
  ['a reject without a reason', () => reject('')],
]

describe('bad models are INVALID_ARGUMENT, thrown where they are made', () => {
  it.each(MODEL)('%s', (_, make, text = /./) => {
    const error = thrown(make)
    expect(error.code).toBe('INVALID_ARGUMENT')
    expect(error.message).toMatch(text)
  })
})

const OPTIONS: [string, unknown, string, RegExp?][] = [
  ['null', null, 'INVALID_ARGUMENT'],
  ['text', 'x', 'INVALID_ARGUMENT'],
  ['a proxy that throws', hostile, 'INVALID_ARGUMENT'],
  ['an unknown one', { dealy: 5 }, 'INVALID_ARGUMENT', /Did you mean "delay"/],
  ['__proto__', JSON.parse('{"__proto__":1}'), 'INVALID_ARGUMENT'],
  ['an empty id', { id: '' }, 'INVALID_ARGUMENT', /message id/],
  ['an id that is a number', { id: 5 }, 'INVALID_ARGUMENT', /String\(value\)/],
  ['a long id', { id: 'x'.repeat(201) }, 'INVALID_ARGUMENT'],
  ['an id with a line break', { id: 'a\nb' }, 'INVALID_ARGUMENT'],
  ['an id with a lone surrogate', { id: '\ud800' }, 'INVALID_ARGUMENT'],
  ['a long key', { key: 'x'.repeat(1_001) }, 'INVALID_ARGUMENT', /ordering key/],
  ['a key that is a number', { key: 7 }, 'INVALID_ARGUMENT'],
  ['a negative priority', { priority: -1 }, 'INVALID_ARGUMENT', /priority/],
  ['a fractional priority', { priority: 1.5 }, 'INVALID_ARGUMENT'],
  ['a priority of 256', { priority: 256 }, 'INVALID_ARGUMENT'],
  ['a priority that is text', { priority: '3' }, 'INVALID_ARGUMENT'],
  ['a delay that is NaN', { delay: Number.NaN }, 'INVALID_ARGUMENT', /delay/],
  ['a negative delay', { delay: -1 }, 'INVALID_ARGUMENT'],
  ['an endless delay', { delay: Number.POSITIVE_INFINITY }, 'INVALID_ARGUMENT'],
  ['a delay without a unit', { delay: '10' }, 'INVALID_ARGUMENT', /Did you mean '10ms'/],
  ['a delay of more than ten years', { delay: '3651d' }, 'INVALID_ARGUMENT'],
  ['an invalid date', { deliverAt: new Date('x') }, 'INVALID_ARGUMENT', /deliverAt/],
  ['a date without a zone', { deliverAt: '2026-07-01T12:00:00' }, 'INVALID_ARGUMENT', /zone/],
  ['a date that does not exist', { deliverAt: '2026-02-30T12:00:00Z' }, 'INVALID_ARGUMENT'],
  ['a date in words', { deliverAt: 'tomorrow' }, 'INVALID_ARGUMENT'],
  ['delay and deliverAt', { delay: 1, deliverAt: 1 }, 'INVALID_ARGUMENT', /not both/],
  ['headers that are a Map', { headers: new Map() }, 'INVALID_ARGUMENT', /fromEntries/],
  ['headers that are null', { headers: null }, 'INVALID_ARGUMENT'],
  ['a header that is a number', { headers: { a: 1 } }, 'INVALID_ARGUMENT'],
  ['a header that is undefined', { headers: { a: undefined } }, 'INVALID_ARGUMENT'],
  ['a header without a name', { headers: { '': 'a' } }, 'INVALID_ARGUMENT'],
  ['a header with a control character in its name', { headers: { 'a\u0007': 'a' } }, 'INVALID_ARGUMENT'],
  ['a header with CR and LF', { headers: { a: 'b\r\nc: d' } }, 'INVALID_ARGUMENT', /CR, LF/],
  ['a reserved header', { headers: { 'Pluribus-Id': 'a' } }, 'INVALID_ARGUMENT', /reserved/],
  ['headers equal after normalisation', { headers: { é: 'a', 'e\u0301': 'b' } }, 'INVALID_ARGUMENT', /Unicode/],
  [
    'too many headers',
    { headers: Object.fromEntries(Array.from({ length: 65 }, (_, n) => [`h${n}`, ''])) },
    'TOO_LARGE',
  ],
  ['headers that are too large', { headers: { a: 'x'.repeat(65_536) } }, 'TOO_LARGE'],
  ['headers of a proxy that throws', { headers: hostile }, 'INVALID_ARGUMENT'],
  ['an empty correlation id', { correlationId: '' }, 'INVALID_ARGUMENT'],
  ['a causation id that is an object', { causationId: {} }, 'INVALID_ARGUMENT'],
]

const DATA: [string, unknown][] = [
  ['a cycle', cycle],
  ['a BigInt', { n: 1n }],
  ['a function', () => {}],
  ['a function inside', { f() {} }],
  ['a sparse array', sparse],
  ['undefined', undefined],
  ['a symbol', Symbol('x')],
  ['NaN', Number.NaN],
  ['Infinity', [Number.POSITIVE_INFINITY]],
  ['a Date', new Date()],
  ['a Map', new Map()],
  [
    'a class instance',
    new (class Order {
      n = 1
    })(),
  ],
  ['a buffer', Buffer.alloc(1)],
  ['a proxy that throws', hostile],
  ['a getter that throws', getter],
]

describe('bad publishes are refused before any I/O', () => {
  it.each(OPTIONS)('options with %s', async (_, options, code, text = /./) => {
    const { broker, adapter } = await world()
    const errors = [await refused(broker.publish(orders, 1, options as never))]
    if (typeof options === 'object' && options !== null && options !== hostile) {
      const item = Object.defineProperties({ data: 1 }, Object.getOwnPropertyDescriptors(options))
      errors.push(await refused(broker.publishMany(orders, [{ data: 0 }, item as never])))
    }
    for (const error of errors) {
      expect(error.code).toBe(code)
      expect(error.message).toMatch(text)
      expect(error.message.length).toBeLessThan(1_000)
    }
    expect(calls(adapter)).toBe(0)
  })

  it.each(DATA)('data that cannot be encoded: %s', async (_, data) => {
    const { broker, adapter } = await world()
    expect(await refused(broker.publish(orders, data))).toMatchObject({ code: 'ENCODING', retryable: false })
    expect(await refused(broker.publishMany(orders, [{ data: 0 }, { data }]))).toMatchObject({
      code: 'ENCODING',
      details: { index: 1 },
    })
    expect(calls(adapter)).toBe(0)
  })

  it('data that is too large', async () => {
    const { broker, adapter } = await world()
    expect((await refused(broker.publish(orders, 'x'.repeat(17 * 1_024 * 1_024)))).code).toBe('TOO_LARGE')
    expect(calls(adapter)).toBe(0)
  })

  it('delays above 2^31 ms are legal: a month is nothing unusual', async () => {
    const { broker, clock } = await world()
    await clock.run(broker.publish(orders, 1, { delay: KEEP_DELAYS }))
  })
})

const anything = (value: unknown) => value as never
const CALLS: [string, (broker: Broker) => unknown, string?][] = [
  ...[undefined, null, 'orders.placed', {}, billing].flatMap(bad => [
    [`publish to ${String(bad)}`, (broker: Broker) => broker.publish(anything(bad), 1)] as [
      string,
      (broker: Broker) => unknown,
    ],
    [`publishMany to ${String(bad)}`, (broker: Broker) => broker.publishMany(anything(bad), [])] as [
      string,
      (broker: Broker) => unknown,
    ],
    [`history of ${String(bad)}`, (broker: Broker) => broker.history(anything(bad))] as [
      string,
      (broker: Broker) => unknown,
    ],
  ]),
  ...[undefined, null, 'billing', {}, orders].flatMap(bad => [
    [`subscribe to ${String(bad)}`, (broker: Broker) => broker.subscribe(anything(bad), () => {})] as [
      string,
      (broker: Broker) => unknown,
    ],
    [`check of ${String(bad)}`, (broker: Broker) => broker.check(anything(bad))] as [
      string,
      (broker: Broker) => unknown,
    ],
    [`deadLetters of ${String(bad)}`, (broker: Broker) => broker.deadLetters(anything(bad))] as [
      string,
      (broker: Broker) => unknown,
    ],
    [`redrive of ${String(bad)}`, (broker: Broker) => broker.redrive(anything(bad))] as [
      string,
      (broker: Broker) => unknown,
    ],
    [`discard of ${String(bad)}`, (broker: Broker) => broker.discard(anything(bad))] as [
      string,
      (broker: Broker) => unknown,
    ],
    [`counts of ${String(bad)}`, (broker: Broker) => broker.counts(anything(bad))] as [
      string,
      (broker: Broker) => unknown,
    ],
    [`remove of ${String(bad)}`, (broker: Broker) => broker.remove(anything(bad))] as [
      string,
      (broker: Broker) => unknown,
    ],
  ]),
  ...[undefined, null, 'orders.placed', {}].map(
    bad =>
      [`declare ${String(bad)}`, (broker: Broker) => broker.declare(anything(bad))] as [
        string,
        (broker: Broker) => unknown,
      ],
  ),
  ['subscribe without a handler', broker => broker.subscribe(billing, undefined as never)],
  ['subscribe with an object for a handler', broker => broker.subscribe(billing, {} as never)],
  ['subscribe with unknown options', broker => broker.subscribe(billing, () => {}, { concurency: 5 } as never)],
  ['subscribe with no concurrency', broker => broker.subscribe(billing, () => {}, { concurrency: 0 })],
  [
    'subscribe with endless concurrency',
    broker => broker.subscribe(billing, () => {}, { concurrency: Number.POSITIVE_INFINITY }),
  ],
  ['subscribe with a negative prefetch', broker => broker.subscribe(billing, () => {}, { prefetch: -1 })],
  ['history with an unknown option', broker => broker.history(orders, { form: 'earliest' } as never)],
  ['history from nowhere', broker => broker.history(orders, { from: 'middle' as never })],
  ['history with null', broker => broker.history(orders, null as never)],
  ['deadLetters with an unknown option', broker => broker.deadLetters(billing, { id: 'a' } as never)],
  ['redrive of ids that are text', broker => broker.redrive(billing, { ids: 'a' as never })],
  ['redrive of an empty id', broker => broker.redrive(billing, { ids: [''] })],
  ['discard with a negative limit', broker => broker.discard(billing, { limit: -1 })],
  ['discard with half a limit', broker => broker.discard(billing, { limit: 0.5 })],
]

describe('bad calls are INVALID_ARGUMENT, before any I/O', () => {
  it.each(CALLS)('%s', async (_, call) => {
    const { broker, adapter, clock } = await world()
    // Also while there is no connection: an error that waiting cannot mend is told at once.
    adapter.refuse()
    adapter.cut()
    const error = await refused((async () => call(broker))())
    expect(error).toMatchObject({ code: 'INVALID_ARGUMENT', retryable: false })
    expect(calls(adapter)).toBe(0)
    expect(clock.monotonic()).toBe(0)
  })
})
