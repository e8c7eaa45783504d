import type { NatsConnection } from '@nats-io/transport-node'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Cut } from '../src/cut.js'
import { Reader } from '../src/reader.js'

/** What a connection brings, and what is to come of it. */
interface Piece {
  readonly bytes: string
  readonly told: readonly unknown[]
}

interface Sent {
  readonly subject: string
  readonly sid: number
  readonly reply: string | undefined
  readonly headers: string | undefined
  readonly payload: string
}

/** A client whose own parser notes what is left to it. */
function client() {
  const told: unknown[] = []
  let line = ''
  const parser = {
    state: 0,
    parse(bytes: Uint8Array): void {
      line += Buffer.from(bytes).toString('latin1')
      // As the real one does, whose lines may come in many pieces.
      for (let end = line.indexOf('\n') + 1; end > 0; end = line.indexOf('\n') + 1) {
        told.push(line.slice(0, end))
        line = line.slice(end)
      }
    },
  }
  const processMsg = ({ sid, hdr, size, subject, reply }: Cut, content: Uint8Array) =>
    told.push({ sid, hdr, size, subject: textOf(subject), reply: reply && textOf(reply), content: textOf(content) })
  const protocol = { parser, processMsg }
  Reader.attach({ protocol } as unknown as NatsConnection)
  return { told, read: (bytes: Uint8Array) => protocol.parser.parse(bytes), own: parser, protocol }
}

const textOf = (bytes: Uint8Array): string => Buffer.from(bytes).toString('latin1')
const bytesOf = (text: string): Buffer => Buffer.from(text, 'latin1')

function pieceOf({ subject, sid, reply, headers, payload }: Sent): Piece {
  const hdr = headers?.length ?? -1
  const size = Math.max(0, hdr) + payload.length
  const between = reply === undefined ? ' ' : ` ${reply} `
  const line =
    headers === undefined ? `MSG ${subject} ${sid}${between}${size}` : `HMSG ${subject} ${sid}${between}${hdr} ${size}`
  const content = (headers ?? '') + payload
  return { bytes: `${line}\r\n${content}\r\n`, told: [{ sid, hdr, size, subject, reply, content }] }
}

const name = fc.string({ unit: fc.constantFrom('a', 'M', 'H', '.', '$', '1', '_'), minLength: 1, maxLength: 20 })
/** Whatever a payload may have: what looks like an end, or a begin, above all. */
const content = fc.string({ unit: fc.constantFrom('x', '\r', '\n', ' ', 'M', 'S', 'G', '\u00ff'), maxLength: 40 })
const message = fc
  .record({
    subject: name,
    sid: fc.integer({ min: 0, max: 99_999 }),
    reply: fc.option(name, { nil: undefined }),
    headers: fc.option(content, { nil: undefined }),
    payload: content,
  })
  .map(pieceOf)
const word = fc
  .constantFrom('PING\r\n', 'PONG\r\n', '+OK\r\n', 'INFO {"a":"MSG a 1 0"}\r\n', "-ERR 'MSG'\r\n")
  .map(bytes => ({ bytes, told: [bytes] }))

/** Cut anywhere. */
function chunksOf(bytes: Buffer, cuts: readonly number[]): readonly Buffer[] {
  const places = [...new Set(cuts.map(cut => cut % (bytes.length + 1)))].sort((a, b) => a - b)
  return [0, ...places].map((from, at) => bytes.subarray(from, places[at] ?? bytes.length))
}

describe('what a connection brings', () => {
  test('is told message by message, and line by line, however it is cut', () => {
    const pieces = fc.array(fc.oneof({ weight: 3, arbitrary: message }, word), { maxLength: 12 })
    fc.assert(
      fc.property(pieces, fc.array(fc.nat(), { maxLength: 30 }), (pieces, cuts) => {
        const { told, read } = client()
        for (const chunk of chunksOf(bytesOf(pieces.map(({ bytes }) => bytes).join('')), cuts)) read(chunk)
        expect(told).toEqual(pieces.flatMap(piece => piece.told))
      }),
      { numRuns: 2_000 },
    )
  })

  test('is told byte by byte as well', () => {
    const { bytes, told } = pieceOf({ subject: 'a.b', sid: 7, reply: 'c', headers: 'NATS/1.0\r\n\r\n', payload: 'x' })
    const { told: found, read } = client()
    for (const byte of bytesOf(bytes.repeat(2))) read(Uint8Array.of(byte))
    expect(found).toEqual([...told, ...told])
  })

  test('may be large, in many pieces', () => {
    const { bytes, told } = pieceOf({
      ...{ subject: 'a', sid: 1, reply: undefined, headers: undefined },
      payload: 'p'.repeat(700_000),
    })
    const { told: found, read } = client()
    const all = bytesOf(bytes)
    for (let at = 0; at < all.length; at += 65_536) read(all.subarray(at, at + 65_536))
    expect(found).toEqual(told)
  })
})

describe('what is not known here', () => {
  const odd = [
    'MSG a 1\r\nrest\r\n',
    'MSG a 1 b c 2\r\nxx\r\n',
    'MSG  a 1 2\r\nxx\r\n',
    'MSG a 1 2\nxx\r\n',
    'MSG a one 2\r\nxx\r\n',
    'MSG a 1 -2\r\nxx\r\n',
    'MSG a 1 9999999999\r\nxx\r\n',
    'MSG a 1 67108865\r\nxx\r\n',
    'HMSG a 1 3 2\r\nxx\r\n',
    'HMSG a 1 2\r\nxx\r\n',
    'HXSG a 1 1 2\r\nxx\r\n',
    'MSG a 1 2\r\nxxxx\r\n',
    'msg a 1 2\r\nxx\r\n',
    'what is this\r\n',
  ]

  test.each(odd)("is the client's, and so is what comes behind it: %j", bytes => {
    const { told, read } = client()
    const known = pieceOf({ subject: 'a', sid: 1, reply: undefined, headers: undefined, payload: 'x' })
    for (const chunk of [known.bytes, bytes, known.bytes]) read(bytesOf(chunk))
    const lines = (bytes + known.bytes).split(/(?<=\n)/)
    expect(told).toEqual([...known.told, ...lines])
  })

  test('a line that the client has begun is ended by it', () => {
    const { told, own, protocol } = client()
    const inLine = { parser: Object.assign(own, { state: 5 }), processMsg: protocol.processMsg }
    Reader.attach({ protocol: inLine } as unknown as NatsConnection)
    inLine.parser.parse(bytesOf('MSG of the client\r\nMSG a 1 1\r\nx\r\n'))
    expect(told).toMatchObject(['MSG of the client\r\n', { subject: 'a', content: 'x' }])
  })

  test.each([
    {},
    { protocol: {} },
    { protocol: { parser: { state: 0 } } },
    { protocol: { parser: {}, processMsg: () => {} } },
  ])('a client that keeps its connection to itself keeps its parser: %j', nats => {
    const before = JSON.stringify(nats)
    Reader.attach(nats as unknown as NatsConnection)
    expect(JSON.stringify(nats)).toBe(before)
  })
})
