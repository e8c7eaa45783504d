import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { Written } from '../src/call.js'
import { encode, readMessage } from '../src/codec.js'
import { message } from './kit.js'
import { entriesOf } from './written.js'

const entryOf = (written: Written): Buffer => entriesOf(written)[0] as Buffer
const PLAIN = ['id', 'topic', 'contentType', 'key', 'priority', 'time', 'source', 'version'] as const

test('a message is laid out as the README says', () => {
  const given = message('id-7', {
    key: 'ada',
    priority: 2,
    headers: { a: 'b' },
    payload: Uint8Array.of(0, 255, 10),
    correlationId: 'a',
    causationId: 'b',
  })
  const { entries, delays, totals } = encode([given])
  expect(entryOf(entries).toString('hex')).toBe(
    [
      ...['6d', '99', '0002', '0003', '0004', '00000005'],
      ...[Buffer.from('ada').toString('hex'), Buffer.from('id-7').toString('hex')],
      ...['426d1a94a2000000', '00000001', '0004', Buffer.from('test').toString('hex')],
      ...['0001', '61', '0001', '62', '0001', '0001', '61', '00000001', '62', '00ff0a'],
    ].join(''),
  )
  expect([delays, totals]).toEqual(['', '5 56 1 0 1'])
})

test('what most messages do not have is not written', () => {
  const sizes = (changes: Parameters<typeof message>[1]) => entryOf(encode([message('a', changes)]).entries).length
  const least = sizes({ payload: '' })
  expect(least).toBe(12 + 'a'.length + 12 + 2 + 'test'.length)
  expect(sizes({ payload: '', contentType: 'application/octet-stream', headers: Object.create(null) })).toBe(least)
  expect(sizes({ payload: '', contentType: 'text/plain' })).toBe(least + 2 + 'text/plain'.length)
  expect(sizes({ payload: '', correlationId: '' })).toBe(least + 2)
})

test('what is delayed or has an id of its own says so', () => {
  const { entries, delays, totals } = encode([message('a'), message('b', { delay: 5, idSupplied: true })])
  const second = entriesOf(entries)[1] as Buffer
  expect([second.toString('latin1', 0, 1), second[1], delays]).toEqual(['d', 6, '2 5 '])
  expect(totals.split(' ').slice(2)).toEqual(['1', '1', '0'])
})

test('entries of whatever lengths stand behind each other, in a scratch that is used again', () => {
  const lengths = fc.array(fc.oneof(fc.nat(20), fc.nat(2_000), fc.constant(100_000)), { maxLength: 12 })
  let scratch: Buffer | undefined
  fc.assert(
    fc.property(lengths, given => {
      const batch = given.map((length, index) => message(`m${index}`, { payload: Buffer.alloc(length, index + 1) }))
      const encoded = encode(batch, scratch)
      scratch = encoded.scratch
      const read = entriesOf(encoded.entries).map(entry => readMessage('orders', entry, 1))
      expect(read.map(({ id }) => id)).toEqual(batch.map(({ id }) => id))
      expect(
        read.every(({ payload }, index) => Buffer.compare(payload as Buffer, batch[index]?.payload as Buffer) === 0),
      ).toBe(true)
    }),
  )
})

const text = fc.string({ unit: 'grapheme', maxLength: 40 })
const headers = fc
  .dictionary(text, text, { maxKeys: 4 })
  .map(found => Object.assign(Object.create(null), found) as Record<string, string>)

test('whatever is written is read again, byte for byte', () => {
  const arbitrary = fc.record({
    id: text,
    key: fc.option(text, { nil: undefined }),
    payload: fc.oneof(text, fc.uint8Array({ maxLength: 300 })),
    headers,
    priority: fc.nat(65_535),
    version: fc.nat(2 ** 31),
    time: fc.nat(2 ** 45),
    source: text,
    contentType: fc.oneof(text, fc.constantFrom('application/json', 'application/octet-stream')),
    correlationId: fc.option(text, { nil: undefined }),
    causationId: fc.option(text, { nil: undefined }),
  })
  fc.assert(
    fc.property(arbitrary, changes => {
      const given = message(changes.id, changes)
      const read = readMessage(given.topic, entryOf(encode([given]).entries), 1)
      for (const member of PLAIN) expect(read[member]).toEqual(given[member])
      expect([read.correlationId, read.causationId]).toEqual([given.correlationId, given.causationId])
      expect(Object.entries(read.headers)).toEqual(Object.entries(given.headers))
      expect(Buffer.from(read.payload as Uint8Array)).toEqual(Buffer.from(given.payload as Uint8Array))
      expect(typeof read.payload).toBe(typeof given.payload)
    }),
  )
})

test('bytes that are no message of ours are one without anything but themselves', () => {
  for (const bytes of ['', 'm', 'garbage', 'm'.repeat(12), '\xff'.repeat(100)]) {
    const entry = Buffer.from(bytes, 'latin1')
    const { id, payload, key, contentType } = readMessage('orders', entry, 7)
    expect([id, key, contentType, payload]).toEqual(['orders/7', undefined, 'application/octet-stream', entry])
  }
  const bytes = fc.uint8Array({ maxLength: 200 })
  const whole = entryOf(encode([message('a', { headers: { a: 'b' } })]).entries)
  fc.assert(
    fc.property(bytes, fc.nat(whole.length), (noise, cut) => {
      for (const entry of [Buffer.from(noise), whole.subarray(0, cut)]) {
        const read = readMessage('orders', entry, 1)
        const members = [...PLAIN, 'headers', 'payload', 'correlationId', 'causationId'] as const
        for (const member of members) expect(() => read[member]).not.toThrow()
      }
    }),
  )
})
