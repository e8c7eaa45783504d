import type { Msg } from '@nats-io/transport-node'
import type { StoredMessage } from '@pluribus/core/driver'
import { describe, expect, test } from 'vitest'
import { headersOf } from '../src/codec.js'
import { type Cut, cutAt } from '../src/cut.js'
import { contentOf, hasSubject, headerText, isTextual, isWord, numberAtEnd, replyOf } from '../src/received.js'
import { ReceivedMessage } from '../src/received-message.js'
import { message } from './kit.js'

interface Sent {
  readonly reply?: string
  readonly headers?: string
  readonly payload: string
}

const SUBJECT = 'in.box.12.345'
/** What else has come stands around it. */
const BEFORE = 'PING\r\n'

/** As it is where we have cut it out of what has come. */
function cut({ reply, headers, payload }: Sent): Msg {
  const between = reply === undefined ? ' ' : ` ${reply} `
  const sizes = headers === undefined ? '' : `${Buffer.byteLength(headers)} `
  const size = Buffer.byteLength((headers ?? '') + payload)
  const line = `${headers === undefined ? 'MSG' : 'HMSG'} ${SUBJECT} 3${between}${sizes}${size}\r\n`
  const bytes = Buffer.from(`${BEFORE}${line}${headers ?? ''}${payload}\r\n${BEFORE}`)
  return { _msg: cutAt(bytes, BEFORE.length) as Cut } as unknown as Msg
}

/** As the client offers it. */
const offered = ({ reply, headers, payload }: Sent): Msg =>
  ({
    subject: SUBJECT,
    reply,
    headers: headers === undefined ? undefined : { toString: () => headers },
    data: Buffer.from(payload),
  }) as unknown as Msg

describe.each([
  ['that was cut out', cut],
  ['of which the client tells nothing but what it offers', offered],
])('a message %s', (_, received) => {
  test('says of what it is, and where an answer goes', () => {
    const one = received({ reply: '$JS.ACK.1', payload: 'x' })
    expect([hasSubject(one, SUBJECT), hasSubject(one, 'in.box.12.346'), hasSubject(one, 'in')]).toEqual([
      true,
      false,
      false,
    ])
    expect([numberAtEnd(one), numberAtEnd(one, 1), replyOf(one), isWord(one)]).toEqual([345, 12, '$JS.ACK.1', false])
    const word = received({ headers: 'NATS/1.0 408\r\n\r\n', payload: '' })
    expect([replyOf(word), isWord(word), headerText(word)]).toEqual(['', true, 'NATS/1.0 408\r\n\r\n'])
  })

  test('has headers, or none, and what they are about', () => {
    const bare = received({ payload: 'payload' })
    expect([headerText(bare), Buffer.from(contentOf(bare)).toString(), isTextual(bare)]).toEqual(['', 'payload', false])
    const dressed = received({ headers: 'NATS/1.0\r\nce-id: ü\r\n\r\n', payload: 'payload' })
    expect([headerText(dressed), Buffer.from(contentOf(dressed)).toString()]).toEqual([
      'NATS/1.0\r\nce-id: ü\r\n\r\n',
      'payload',
    ])
  })

  test.each<Partial<StoredMessage>>([
    { payload: Buffer.from('{}') },
    { payload: Buffer.from([1, 2, 3]), contentType: 'application/octet-stream' },
    { payload: 'text, and not JSON: ü', contentType: 'text/plain' },
    { key: 'k', priority: 7, version: 3, headers: { tenant: 'a' }, correlationId: 'c', causationId: 'd' },
  ])('is the one that was sent: %j', changes => {
    const sent: StoredMessage = message('one', { payload: Buffer.from('{}'), ...changes })
    const payload = Buffer.from(sent.payload).toString('latin1') as string
    const text = typeof sent.payload === 'string' ? sent.payload : payload
    const one = new ReceivedMessage(received({ headers: headersOf(sent, {}), payload: text }), sent.topic, 5, 99)
    const { id, topic, contentType, key, priority, headers, time, source, version, correlationId, causationId } = one
    expect(one.payload).toEqual(sent.payload)
    expect({ id, topic, contentType, key, priority, headers: { ...headers }, time, source, version }).toEqual({
      ...{ id: sent.id, topic: sent.topic, contentType: sent.contentType, key: sent.key, priority: sent.priority },
      ...{ headers: sent.headers, time: sent.time, source: sent.source, version: sent.version },
    })
    expect([correlationId, causationId]).toEqual([sent.correlationId, sent.causationId])
    expect(one.origin).toBeUndefined()
  })

  test('is made the best of where it is foreign', () => {
    const foreign = new ReceivedMessage(received({ payload: '{}' }), 'orders', 5, 99)
    expect([foreign.id, foreign.time, foreign.contentType]).toEqual(['nats-5', 99, 'application/json'])
    const due = new ReceivedMessage(
      received({ headers: 'NATS/1.0\r\npluribus-origin: 4\r\n\r\n', payload: '' }),
      'orders',
      5,
      99,
    )
    expect(due.origin).toBe(4)
  })
})
