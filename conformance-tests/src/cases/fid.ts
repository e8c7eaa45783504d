import { bytes, type Codec } from '@pluribus/core'
import { defineCases } from '../case/case.js'
import { check, equal } from '../case/expect.js'
import { type Dice, oneOf, randomBelow, randomBytes } from '../case/random.js'
import { roundTrip } from '../case/round-trip.js'

const text: Codec<string> = {
  contentType: 'text/plain; charset=utf-8',
  encode: value => value,
  decode: payload =>
    typeof payload === 'string' ? payload : new TextDecoder('utf-8', { fatal: true }).decode(payload),
}

const TEXTS = [
  ...['', ' ', 'a\0b', '\r\n', '\n', '\u2028\u2029', '\ufeffafter a mark', '😀 𝄞', '\u00e9', 'e\u0301', 'שלום עולם'],
  ...['\u200b\u200d', '\ufffd', '\\u0000', '"quoted"', "'; drop table", '\u0001\u001f\u007f\u0080', 'ﬀ', '\u{10ffff}'],
]

const nested = (depth: number): unknown => {
  let value: unknown = 1
  for (let level = 0; level < depth; level++) value = level % 2 === 0 ? [value] : { value }
  return value
}

/** What JSON keeps as it is. */
const KEPT: readonly unknown[] = [
  ...[null, true, false, 0, 1, -1, 1.5, 1e308, 5e-324, 2 ** 53 - 1, 2 ** 53, 2 ** 53 + 2, -(2 ** 53), '', 'text'],
  ...[
    [],
    {},
    [[]],
    [null],
    { a: null },
    { '': 1 },
    { '0': 'zero', '-1': 'minus' },
    { constructor: 1 },
    { toString: 'x' },
  ],
  ...[JSON.parse('{"__proto__":{"a":1}}'), [1, 'two', null, { three: [3] }], nested(500), { n: Number.MAX_VALUE }],
]

/** What JSON would alter or drop. */
const REFUSED: readonly unknown[] = [
  ...[undefined, Number.NaN, Number.POSITIVE_INFINITY, 1n, Symbol('s'), () => 1, new Map(), new Set([1])],
  ...[[undefined], [Number.NaN], { a: 1n }, { a: () => 1 }, Buffer.from('a'), /x/, new Error('x'), nested(2_000)],
]

/** Payloads come back as they were sent. */
export const FID = defineCases(
  {
    id: 'FID-01',
    title: 'bytes of any size',
    promise: 'A payload of any bytes comes back byte by byte, from none to many.',
    profile: 'core',
    async run(it) {
      const every = Uint8Array.from({ length: 256 }, (_, byte) => byte)
      const sizes = [0, 1, 255, 256, 65_535, 65_536].filter(size => size <= it.capabilities.limits.payload)
      const sent = [every, ...sizes.map(size => randomBytes(it, size))]
      const came = await roundTrip(it, it.topic({ codec: bytes }), sent)
      equal(
        came.map((message, n) => Buffer.compare(message.data, sent[n] ?? every)),
        sent.map(() => 0),
        `whether payloads of ${sent.map(({ byteLength }) => byteLength).join(', ')} bytes came back as they were`,
      )
    },
  },
  {
    id: 'FID-02',
    title: 'bytes that are no text',
    promise: 'Bytes that are not valid UTF-8 are no text to anybody: none is replaced.',
    profile: 'core',
    async run(it) {
      const broken = ['ff', 'c3', 'c328', 'eda080', 'f4908080', 'e282', '80', 'fffe', 'efbbbf', '00', 'c080']
      const sent = broken
        .flatMap(hex => [hex, `61${hex}`, `${hex}62`])
        .map(hex => new Uint8Array(Buffer.from(hex, 'hex')))
      const came = await roundTrip(it, it.topic({ codec: bytes }), sent)
      equal(
        came.map(({ data }) => Buffer.from(data).toString('hex')),
        sent.map(data => Buffer.from(data).toString('hex')),
        'the bytes that came',
      )
    },
  },
  {
    id: 'FID-03',
    title: 'texts of every kind',
    promise:
      'Text comes back as it was, in JSON and as itself; what no encoding can hold is kept or refused, never replaced.',
    profile: 'core',
    async run(it) {
      const inJson = await roundTrip(it, it.topic<string>(), [...TEXTS, 'a\ud800b', '\udc00'])
      equal(
        inJson.map(({ data }) => data),
        [...TEXTS, 'a\ud800b', '\udc00'],
        'the texts that came as JSON',
      )
      const plain = it.topic({ codec: text })
      const asText = await roundTrip(it, plain, TEXTS)
      equal(
        asText.map(({ data }) => data),
        TEXTS,
        'the texts that came as text',
      )
      const broker = await it.open()
      for (const lone of ['\ud800', 'a\udc00b', '\ude00\ud83d']) {
        const error = await it.rejects('ENCODING', () => broker.publish(plain, lone))
        equal(error.outcome, 'definite', 'the outcome of publishing a text with a lone surrogate')
      }
    },
  },
  {
    id: 'FID-04',
    title: 'JSON is exact or refused',
    promise:
      'What a handler gets is deeply equal to what was published; what JSON would alter is ENCODING. -0 becomes 0.',
    profile: 'core',
    async run(it) {
      const anything = it.topic<unknown>()
      const came = await roundTrip(it, anything, [...KEPT, -0, { kept: 1, dropped: undefined }])
      equal(
        came.map(({ data }) => data),
        [...KEPT, 0, { kept: 1 }],
        'the values that came',
      )
      const broker = await it.open()
      // A date, too.
      for (const [index, value] of [...REFUSED, came[0]?.time].entries()) {
        const error = await broker.publish(anything, value).then(
          () => undefined,
          (thrown: unknown) => thrown,
        )
        const code = error !== undefined && (error as { readonly code?: unknown }).code
        equal(code, 'ENCODING', `how publishing the ${index + 1}th value ends that JSON would alter (${typeof value})`)
      }
    },
  },
  {
    id: 'FID-05',
    title: 'nothing, empty and null are different',
    promise: 'No payload, null, an empty text, no key and an empty key stay apart.',
    profile: 'full',
    async run(it) {
      const anything = it.topic<unknown>()
      const values = await roundTrip(it, anything, [null, '', [], {}])
      equal(
        values.map(({ data }) => data),
        [null, '', [], {}],
        'the values that came',
      )
      const [empty] = await roundTrip(it, it.topic({ codec: bytes }), [new Uint8Array(0)])
      equal([empty?.data.byteLength, empty?.payload.length], [0, 0], 'the length of an empty payload')
      const [blank] = await roundTrip(it, it.topic({ codec: text }), [''])
      equal(blank?.data, '', 'an empty text')
      const keys = it.capabilities.keys === 'none' ? [undefined] : [undefined, '', ' ', '0']
      const headers = { empty: '', space: ' ' }
      const keyed = await roundTrip(it, it.topic<number>(), [...keys.keys()], n => ({ headers, key: keys[n] }))
      equal(
        keyed.map(({ key, headers: found }) => [key, { ...found }]),
        keys.map(key => [key, headers]),
        'keys and headers',
      )
    },
  },
  {
    id: 'FID-13',
    title: 'random messages come back as they were',
    promise: 'Whatever a message is made of, it comes back the same.',
    profile: 'full',
    budget: ({ arrive }) => 2 * arrive,
    async run(it) {
      const sent = Array.from({ length: it.size(200) }, () => randomValue(it, 4))
      const options = sent.map((_, n) => ({
        id: `${n}-${randomText(it)}`,
        headers: Object.fromEntries(
          Array.from({ length: randomBelow(it, 6) }, (_, index) => [`h${index}`, randomText(it)]),
        ),
        ...(it.capabilities.keys === 'none' ? {} : { key: randomText(it) }),
        ...(it.capabilities.priority === 'none' ? {} : { priority: randomBelow(it, it.capabilities.priorityLevels) }),
      }))
      const came = await roundTrip(it, it.topic<unknown>(), sent, (_, n) => options[n] ?? {})
      for (const [n, { id, key, priority, headers, data }] of came.entries()) {
        const { key: wantedKey, priority: rank = 0, ...wanted } = { key: undefined, ...options[n] }
        const found = { id, headers: { ...headers }, key, priority, data }
        equal(found, { ...wanted, key: wantedKey, priority: rank, data: sent[n] }, `message ${n + 1} of ${sent.length}`)
      }
    },
  },
  {
    id: 'FID-15',
    title: 'what a handler has been given stays as it is',
    promise: 'A message that is kept after it was handled shows the same bytes later: no buffer is used twice.',
    profile: 'full',
    budget: ({ arrive }) => 2 * arrive,
    async run(it) {
      const sent = Array.from({ length: it.size(300) }, () => randomBytes(it, 64 + randomBelow(it, 200)))
      // Decoded only now, when all of them have been handled: a view would show what has come since.
      const came = await roundTrip(it, it.topic({ codec: bytes }), sent)
      const wrong = came.filter(({ payload }, n) => Buffer.compare(payload as Uint8Array, sent[n] as Uint8Array) !== 0)
      equal(wrong.length, 0, `how many of ${sent.length} kept messages no longer show the bytes that were published`)
      for (const [n, { data }] of came.entries()) {
        check(
          Buffer.compare(data, sent[n] as Uint8Array) === 0,
          `kept message ${n + 1} shows other data than was published`,
        )
      }
    },
  },
  {
    id: 'FID-16',
    title: 'sizes around frames and blocks',
    promise: 'Payloads of just less, just and just more than a block or a frame come back whole.',
    profile: 'full',
    async run(it) {
      const sizes = [4_096, 8_192, 16_384, 65_536, 131_072].flatMap(size => [size - 1, size, size + 1])
      const sent = sizes
        .filter(size => size <= it.capabilities.limits.payload)
        .map((size, n) => new Uint8Array(Buffer.alloc(size, `${n}-block`)))
      const came = await roundTrip(it, it.topic({ codec: bytes }), sent)
      equal(
        came.map(({ data }, n) => [data.byteLength, Buffer.compare(data, sent[n] as Uint8Array)]),
        sent.map(({ byteLength }) => [byteLength, 0]),
        'the sizes that came, and whether their bytes differ',
      )
    },
  },
)

const ALPHABET = [
  'a',
  'Z',
  '0',
  ' ',
  '-',
  '.',
  '/',
  ':',
  '"',
  "'",
  '\\',
  '{',
  '%',
  'é',
  '\u0301',
  '中',
  '😀',
  '\u200b',
  'ß',
]

const randomText = (it: Dice): string => Array.from({ length: randomBelow(it, 12) }, () => oneOf(it, ALPHABET)).join('')

/** Any JSON value, up to a depth. */
function randomValue(it: Dice, depth: number): unknown {
  const kind = randomBelow(it, depth > 0 ? 7 : 5)
  if (kind === 0) return null
  if (kind === 1) return it.random() < 0.5
  if (kind === 2) return Math.floor((it.random() - 0.5) * 2 ** 54)
  if (kind === 3) return (it.random() - 0.5) * 10 ** randomBelow(it, 300)
  if (kind === 4) return randomText(it)
  const members = Array.from({ length: randomBelow(it, 5) }, () => randomValue(it, depth - 1))
  return kind === 5 ? members : Object.fromEntries(members.map(member => [randomText(it), member]))
}
