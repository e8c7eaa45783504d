import { EMPTY_HEADERS, type StoredMessage } from '@pluribus/core/driver'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { decode, headersOf, numberOf, statusOf } from '../src/codec.js'
import { headerText } from '../src/received.js'
import { message } from './kit.js'

const FOUND = { topic: 'orders.placed', position: 7, time: 1_234 }

const encoded = (one: StoredMessage, carried = {}): string => headersOf(one, carried)

const text = fc.string({ unit: 'grapheme', maxLength: 40 })
const optional = fc.option(text, { nil: undefined })
const payload = fc.uint8Array({ maxLength: 20 })
const messages: fc.Arbitrary<StoredMessage> = fc.record({
  id: fc.string({ unit: 'grapheme', minLength: 1, maxLength: 40 }),
  topic: fc.constant(FOUND.topic),
  payload,
  contentType: fc.oneof(fc.constant('application/json'), fc.constant('application/octet-stream')),
  key: optional,
  priority: fc.nat(255),
  headers: fc.dictionary(fc.string({ unit: 'grapheme', minLength: 1, maxLength: 20 }), text).map(found => {
    return Object.assign(Object.create(null), found)
  }),
  time: fc.integer({ min: 0, max: 8_000_000_000_000 }),
  source: text,
  version: fc.integer({ min: 1, max: 1_000 }),
  correlationId: optional,
  causationId: optional,
})

test('whatever a message has comes back', () => {
  fc.assert(
    fc.property(messages, one => {
      const read = decode(encoded(one), one.payload as Uint8Array, FOUND)
      expect({ ...read, headers: { ...read.headers } }).toEqual({ ...one, headers: { ...one.headers } })
    }),
  )
})

test('no header breaks out of its line, whatever is in it', () => {
  fc.assert(
    fc.property(messages, one => {
      const block = encoded(one)
      expect(block.startsWith('NATS/1.0\r\n')).toBe(true)
      expect(block.endsWith('\r\n\r\n')).toBe(true)
      const lines = block.slice(0, -4).split('\r\n').slice(1)
      for (const line of lines) expect(line).toMatch(/^[\x21-\x39\x3b-\x7e]+: /)
    }),
  )
})

test('text comes back as text, and JSON as the bytes that it is', () => {
  const plain = message('a', { contentType: 'text/plain', payload: '\ufeffé' })
  expect(decode(encoded(plain), Buffer.from('\ufeffé'), FOUND).payload).toBe('\ufeffé')
  expect(decode(encoded(message('a')), Buffer.from('{}'), FOUND).payload).toEqual(Buffer.from('{}'))
})

test('of a foreign message nothing is believed that is not sound', () => {
  const block = [
    'NATS/1.0',
    'ce-id: ',
    'ce-time: yesterday',
    'ce-priority: -1',
    'ce-dataversion: 1e308',
    'no colon',
    'content-type: ',
    'ce-key: base64:@@@',
    '',
    '',
  ].join('\r\n')
  expect(decode(block, Buffer.from('x'), FOUND)).toMatchObject({
    id: 'nats-7',
    time: 1_234,
    priority: 0,
    version: 1,
    contentType: 'application/json',
    headers: EMPTY_HEADERS,
  })
  expect(decode('', Buffer.from('x'), FOUND)).toMatchObject({ id: 'nats-7', source: '', key: undefined })
  expect(decode('NATS/1.0\r\nce-id: cut', Buffer.from('x'), FOUND)).toMatchObject({ id: 'nats-7' })
})

test('what is carried stands beside the message', () => {
  const block = encoded(message('a'), { dedup: 'i:a', delay: 500, origin: 12, after: 0 })
  expect(numberOf(block, 'pluribus-delay')).toBe(500)
  expect(numberOf(block, 'pluribus-origin')).toBe(12)
  expect(numberOf(block, 'Nats-Expected-Last-Subject-Sequence')).toBe(0)
  expect(numberOf('NATS/1.0\r\npluribus-delay: -3\r\n\r\n', 'pluribus-delay')).toBeUndefined()
  expect(block).toContain('\r\nNats-Msg-Id: i:a\r\n')
})

test('a status is told from a message', () => {
  expect(statusOf('NATS/1.0 404 No Messages\r\n\r\n')).toBe(404)
  expect(statusOf('NATS/1.0\r\nce-id: 404\r\n\r\n')).toBe(0)
  expect(statusOf('')).toBe(0)
})

test('where the client keeps its bytes to itself, its own reading of them will do', () => {
  const received = { headers: { toString: () => 'NATS/1.0\r\nce-id: a\r\n\r\n' } }
  expect(headerText(received as never)).toBe('NATS/1.0\r\nce-id: a\r\n\r\n')
  expect(headerText({} as never)).toBe('')
})
