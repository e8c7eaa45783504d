import { bytes, type Codec } from '@pluribus/core'
import { all } from '../case/all.js'
import { defineCases } from '../case/case.js'
import { check, equal } from '../case/expect.js'
import { roundTrip } from '../case/round-trip.js'

/** The most that core itself allows, whatever an adapter takes: 64 headers in 64 KiB. */
const MOST_HEADERS = 64
const MOST_BYTES = 65_536

const HEADERS: readonly Readonly<Record<string, string>>[] = [
  {},
  { one: '1' },
  { empty: '', space: ' ', spaces: '  a  ' },
  { emoji: '😀', 'naïve-ключ': 'значение', 中文: '键', combining: 'e\u0301', composed: '\u00e9' },
  { Case: 'upper', case: 'lower', CASE: 'loud' },
  {
    'a:b': 'colon',
    'a=b': 'equals',
    'a b': 'space',
    'a,b': 'comma',
    'a;b': 'semicolon',
    '"': 'quote',
    '%0a': 'percent',
  },
  { '0': 'zero', '42': 'number', '-1': 'minus', '007': 'agent' },
  { long: 'x'.repeat(8_000) },
  { 'content-type': 'mine', id: 'mine', key: 'mine', time: 'mine', 'ce-id': 'mine', traceparent: '00-1-2-01' },
  Object.fromEntries(Array.from({ length: 50 }, (_, n) => [`header-${n}`, `value ${n}`])),
]

const NAMES = [
  '__proto__',
  'constructor',
  'prototype',
  'hasOwnProperty',
  'toString',
  'valueOf',
  '__defineGetter__',
  'length',
]

/** Headers of exactly so many bytes. */
function headersOf(size: number): Readonly<Record<string, string>> {
  const count = 16
  const name = (n: number) => `h-${String(n).padStart(2, '0')}`
  const rest = size - count * 4
  return Object.fromEntries(
    Array.from({ length: count }, (_, n) => [
      name(n),
      'v'.repeat(Math.floor(rest / count) + (n < rest % count ? 1 : 0)),
    ]),
  )
}

/** Headers and content types, and what is at the limit. */
export const FID_MORE = defineCases(
  {
    id: 'FID-06',
    title: 'headers of every kind',
    promise:
      'Names and values of headers come back exactly: none trimmed, lower-cased, joined, or taken for somebody else’s.',
    profile: 'core',
    async run(it) {
      const sets = HEADERS.filter(
        headers => Buffer.byteLength(JSON.stringify(headers)) <= it.capabilities.limits.headers,
      )
      const came = await roundTrip(it, it.topic<number>(), [...sets.keys()], n => ({ headers: sets[n] }))
      for (const [n, { headers }] of came.entries()) equal({ ...headers }, sets[n], `the headers of set ${n + 1}`)
    },
  },
  {
    id: 'FID-07',
    title: 'headers with the names of members',
    promise: 'A header may be called like any member of an object: it is data, and changes no prototype.',
    profile: 'core',
    async run(it) {
      const headers: Record<string, string> = Object.create(null)
      for (const name of NAMES) headers[name] = `the value of ${name}`
      const plain = Object.assign(
        {},
        JSON.parse(JSON.stringify(Object.fromEntries(NAMES.slice(1).map(name => [name, name])))),
      )
      const [first, second] = await roundTrip(it, it.topic<number>(), [1, 2], n => ({
        headers: n === 1 ? headers : plain,
      }))
      check(first !== undefined && second !== undefined, 'two messages should have come')
      equal(
        NAMES.map(name => [name, Object.getOwnPropertyDescriptor(first.headers, name)?.value]),
        NAMES.map(name => [name, `the value of ${name}`]),
        'the headers with the names of members',
      )
      equal(Object.keys(second.headers).sort(), NAMES.slice(1).sort(), 'the headers of a plain object')
      equal(Object.getPrototypeOf({}), Object.prototype, 'the prototype of an object')
      check(!('the value of __proto__' in {}), 'a header has become a member of every object')
    },
  },
  {
    id: 'FID-08',
    title: 'a header cannot become two',
    promise: 'Line breaks and NUL in headers are refused before anything is sent.',
    profile: 'core',
    async run(it) {
      const orders = it.topic()
      const broker = await it.open()
      const wrong = ['a\r\nb: c', 'a\nb', 'a\rb', 'a\0b', '\r\n\r\nbody'].map((value, n) => ({ [`h${n}`]: value }))
      const names = ['a\r\nb', 'a\nb', 'a\0b', '', '\u0085', 'x'.repeat(129)].map(name => ({ [name]: 'value' }))
      for (const headers of [...wrong, ...names]) {
        const error = await it.rejects('INVALID_ARGUMENT', () => broker.publish(orders, { n: 1 }, { headers }))
        equal(error.outcome, 'definite', `the outcome of publishing ${JSON.stringify(headers)}`)
      }
    },
  },
  {
    id: 'FID-09',
    title: 'our own headers are nobody’s',
    promise:
      'The prefix pluribus- is refused; retries, dead letters and redrives neither show nor pile up headers of ours.',
    profile: 'core',
    async run(it) {
      const orders = it.topic()
      const billing = orders.subscription('billing', { retry: { attempts: 2, delays: [] } })
      const broker = await it.open()
      for (const name of ['pluribus-attempt', 'Pluribus-Id', 'PLURIBUS-']) {
        await it.rejects('INVALID_ARGUMENT', () => broker.publish(orders, { n: 1 }, { headers: { [name]: 'x' } }))
      }
      let isMended = false
      const seen = await it.collect(broker, billing, () => {
        if (!isMended) throw new Error('always')
      })
      const headers = { tenant: 'blue', attempt: '99' }
      await broker.publish(orders, { n: 1 }, { headers })
      await it.until(() => seen.dead.length === 1, { what: 'the message to be dead after two attempts' })
      const [dead] = await all(broker.deadLetters(billing))
      equal({ ...dead?.message.headers }, headers, 'the headers of the dead letter')
      isMended = true
      await broker.redrive(billing)
      await it.until(() => seen.acked.length === 1, { within: it.timing.redeliver, what: 'the redriven message' })
      equal(
        seen.runs.map(({ message }) => ({ ...message.headers })),
        [headers, headers, headers],
        'the headers of its three runs',
      )
    },
  },
  {
    id: 'FID-10',
    title: 'headers are text',
    promise: 'A header that is no text is refused: nobody guesses what it should be.',
    profile: 'full',
    async run(it) {
      const orders = it.topic()
      const broker = await it.open()
      for (const value of [1, true, null, undefined, 1n, ['a', 'b'], { a: 1 }, Buffer.from('a'), '\ud800']) {
        await it.rejects('INVALID_ARGUMENT', () =>
          broker.publish(orders, { n: 1 }, { headers: { wrong: value as never, right: 'a' } }),
        )
      }
      for (const headers of ['a: b', ['a'], new Map([['a', 'b']])]) {
        await it.rejects('INVALID_ARGUMENT', () => broker.publish(orders, { n: 1 }, { headers: headers as never }))
      }
    },
  },
  {
    id: 'FID-11',
    title: 'a payload at the limit',
    promise: 'A payload of exactly the limit is stored and comes back; text is measured in bytes, not in characters.',
    profile: 'core',
    proves: ['limits.payload'],
    budget: ({ arrive }) => 4 * arrive,
    async run(it) {
      const limit = it.capabilities.limits.payload
      const blobs = it.topic({ codec: bytes })
      for (const size of [Math.min(1_048_576, limit), limit]) {
        const sent = Buffer.alloc(size, 'a pattern of 23 bytes.\n')
        const [came] = await roundTrip(it, blobs, [sent])
        check(came !== undefined, `a payload of ${size} bytes did not come`)
        const data = came.data
        equal([data.byteLength, Buffer.compare(data, sent)], [size, 0], 'size and difference of what came')
      }
      const broker = await it.open()
      const tooLong = 'é'.repeat(Math.floor(limit / 2) + 1)
      check(tooLong.length <= limit, 'the text has more characters than it may have bytes')
      await it.rejects('TOO_LARGE', () => broker.publish(it.topic({ codec: plain }), tooLong))
    },
  },
  {
    id: 'FID-12',
    title: 'headers at the limit',
    promise: 'Headers of exactly the limit come back; one byte more, or one header too many, is TOO_LARGE.',
    profile: 'full',
    proves: ['limits.headers'],
    async run(it) {
      const limit = Math.min(it.capabilities.limits.headers, MOST_BYTES)
      const fitting = headersOf(limit)
      const [came] = await roundTrip(it, it.topic<number>(), [1], () => ({ headers: fitting }))
      equal({ ...came?.headers }, fitting, `headers of ${limit} bytes`)
      const broker = await it.open()
      const orders = it.topic()
      const many = Object.fromEntries(Array.from({ length: MOST_HEADERS + 1 }, (_, n) => [`h${n}`, '']))
      for (const headers of [headersOf(limit + 1), many]) {
        const error = await it.rejects('TOO_LARGE', () => broker.publish(orders, { n: 1 }, { headers }))
        equal(error.outcome, 'definite', 'the outcome of publishing too many headers')
      }
      const umlauts = { u: 'ü'.repeat(Math.floor(limit / 2)) }
      await it.rejects('TOO_LARGE', () => broker.publish(orders, { n: 1 }, { headers: umlauts }))
    },
  },
  {
    id: 'FID-14',
    title: 'a payload of another kind',
    promise:
      'The content type travels with the message; what cannot be decoded is dead at once, untouched, as UNDECODABLE.',
    profile: 'core',
    async run(it) {
      const { name } = it.topic()
      const lists = it.topicCalled(name, { codec: csv })
      const broker = await it.open()
      const seen = await it.collect(broker, lists.subscription('lists'))
      const asJson = await it.collect(
        broker,
        it.topicCalled<unknown>(name).subscription('json'),
        message => void message.data,
      )
      const sent = [
        ['a', 'b;c'],
        ['1', '2'],
      ]
      const { id } = await broker.publish(lists, sent)
      await it.until(() => seen.acked.length === 1 && asJson.dead.length === 1, { what: 'one run of each kind' })
      const [run] = seen.runs
      equal([run?.message.data, run?.message.contentType], [sent, csv.contentType], 'data and content type')
      equal(asJson.attempts, [1], 'the attempts to decode what is no JSON')
      const [dead] = await all(broker.deadLetters(it.topicCalled(name, { codec: csv }).subscription('json')))
      check(dead !== undefined, 'there is no dead letter')
      const { message, reason, errors } = dead
      equal([message.id, reason, errors.length], [id, 'UNDECODABLE', 1], 'id, reason and number of errors')
      equal([message.data, message.contentType], [sent, csv.contentType], 'data and content type of the dead letter')
    },
  },
)

const plain: Codec<string> = {
  contentType: 'text/plain; charset=utf-8',
  encode: value => value,
  decode: payload => (typeof payload === 'string' ? payload : new TextDecoder().decode(payload)),
}

const csv: Codec<readonly string[][]> = {
  contentType: 'text/csv; header=absent',
  encode: rows => rows.map(row => row.map(cell => JSON.stringify(cell)).join(',')).join('\r\n'),
  decode: payload => {
    const lines = plain.decode(payload).split('\r\n')
    return lines.map(line => JSON.parse(`[${line}]`) as string[])
  },
}
