import { EMPTY_HEADERS } from '@pluribus/core/driver'
import { describe, expect, test } from 'vitest'
import { MessageWriter, readMessage } from '../src/codec.js'
import { placesOf, readBits, writeBits } from '../src/format/bits.js'
import { ByteReader } from '../src/format/byte-reader.js'
import { ByteWriter } from '../src/format/byte-writer.js'
import { decodeCheckpoint, encodeCheckpoint } from '../src/format/checkpoint.js'
import { readColumn, writeColumn } from '../src/format/column.js'
import { completeHead, head } from '../src/format/message-head.js'
import { CHECKPOINT_FORMAT, FORMAT, KIND } from '../src/format/record-kind.js'
import { read, write } from '../src/format/records.js'
import { FolderModel } from '../src/model/folder-model.js'
import type { TopicModel } from '../src/model/topic-model.js'
import { failure, message, spec, topicSpec } from './kit.js'

const hex = ({ body }: { readonly body: Uint8Array }) => Buffer.from(body).toString('hex')

const full = {
  id: 'id-1',
  topic: 'orders.placed',
  payload: 'päyload',
  size: 7,
  contentType: 'text/plain',
  key: 'kéy',
  priority: 259,
  headers: Object.assign(Object.create(null), { tenant: 'x' }),
  time: 1_000_000_000_000,
  source: 'web',
  version: 2,
  correlationId: 'root',
  causationId: 'parent',
  idSupplied: true,
  delay: 10,
}

/** What is on disks already must be read for ever: these bytes do not change, but for a new format. */
describe('the bytes of', () => {
  test('a message', () => {
    const { bytes } = new MessageWriter().encode(full)
    completeHead(bytes, { topic: 7, position: 4_097, stored: 1_000_000_000_001, clock: 5_000.5, due: 5_010.5 })
    expect(bytes.toString('hex')).toMatchInlineSnapshot(
      `"011f030107000000000000000001b040002000a2941a6d42000000008088b340000000008092b3400f000000040004006bc3a97969642d31000000a2941a6d42020000000a00746578742f706c61696e03007765620400726f6f740600706172656e740100060074656e616e74010000007870c3a4796c6f6164"`,
    )
    expect(readMessage('orders.placed', bytes)).toMatchObject({
      id: 'id-1',
      payload: 'päyload',
      contentType: 'text/plain',
      key: 'kéy',
      priority: 259,
      headers: { tenant: 'x' },
      time: 1_000_000_000_000,
      source: 'web',
      version: 2,
      correlationId: 'root',
      causationId: 'parent',
    })
    expect([head.topic(bytes), head.position(bytes), head.stored(bytes), head.clock(bytes), head.due(bytes)]).toEqual([
      7, 4_097, 1_000_000_000_001, 5_000.5, 5_010.5,
    ])
    expect(head.size(bytes)).toBe(8 + 7)
  })

  test('a message of bytes that has nothing it need not have', () => {
    const payload = Uint8Array.from([0, 255, 128])
    const bare = { ...full, key: undefined, headers: EMPTY_HEADERS, correlationId: undefined, causationId: undefined }
    const { bytes } = new MessageWriter().encode({ ...bare, payload, priority: 0, idSupplied: false })
    expect(bytes.toString('hex')).toMatchInlineSnapshot(
      `"01000000000000000000000000000000000000000000000000000000000000000000000000000000030000000000040069642d31000000a2941a6d42020000000a00746578742f706c61696e030077656200000000000000ff80"`,
    )
    const found = readMessage('orders.placed', bytes)
    expect([found.key, found.correlationId, found.causationId, found.headers]).toEqual([
      undefined,
      undefined,
      undefined,
      EMPTY_HEADERS,
    ])
    expect(Buffer.from(found.payload as Uint8Array)).toEqual(Buffer.from(payload))
    expect(head.isSupplied(bytes)).toBe(false)
  })

  test('what was handed out', () => {
    const taken = { subscription: 3, clock: 12.5, instance: 'web-1', positions: [300, 301, 7] }
    expect(hex(write.taken(taken))).toMatchInlineSnapshot(`"01030000000000000000002940057765622d3103d80402cb04"`)
    expect(read.taken(write.taken(taken).body)).toEqual(taken)
  })

  test('what was settled', () => {
    const retried = [{ position: 9, due: 0, error: failure(1) }]
    const settled = { subscription: 3, clock: 12.5, acked: [1, 2], released: [5], retried }
    expect(hex(write.settled(settled))).toMatchInlineSnapshot(
      `"01030000000000000000002940020202010a0100000000000022400000000000000000437b226e616d65223a224572726f72222c226d657373616765223a2272756e2031222c22617474656d7074223a312c2274696d65223a313030303030303030303030307d"`,
    )
    expect(read.settled(write.settled(settled).body)).toEqual(settled)
  })

  test('a death', () => {
    const common = { subscription: 3, position: 9, time: 1_000_000_000_000, attempts: 5, losses: 1 }
    const death = { ...common, reason: 'EXHAUSTED', errors: [failure(5)] }
    expect(hex(write.dead(death))).toMatchInlineSnapshot(
      `"01030000000000000000002240000000a2941a6d42050109455848415553544544455b7b226e616d65223a224572726f72222c226d657373616765223a2272756e2035222c22617474656d7074223a352c2274696d65223a313030303030303030303030307d5d"`,
    )
    expect(read.dead(write.dead(death).body)).toEqual(death)
  })

  test('the others', () => {
    const records = {
      marked: write.marked({ subscription: 3, position: 9 }),
      removed: write.removed(3),
      revived: write.revived({ subscription: 3, clock: 12.5, positions: [9, 8] }),
      discarded: write.discarded({ subscription: 3, positions: [9] }),
      trimmed: write.trimmed({ topic: 7, before: 100 }),
      lane: write.lane({ name: 'outbox', epoch: 2, position: 77 }),
      declared: write.declared({ topics: [{ number: 1, spec: topicSpec() }], subscriptions: [] }),
    }
    expect(
      Object.fromEntries(Object.entries(records).map(([name, record]) => [name, hex(record)])),
    ).toMatchInlineSnapshot(`
      {
        "declared": "016a7b22746f70696373223a5b7b226e756d626572223a312c2273706563223a7b226e616d65223a226f72646572732e706c61636564222c22706172746974696f6e73223a312c22726574656e74696f6e223a7b7d7d7d5d2c22737562736372697074696f6e73223a5b5d7d",
        "discarded": "01030000000112",
        "lane": "0100000000000000400000000000405340066f7574626f78",
        "marked": "01030000000000000000002240",
        "removed": "0103000000",
        "revived": "01030000000000000000002940021201",
        "trimmed": "01070000000000000000005940",
      }
    `)
    expect(read.marked(records.marked.body)).toEqual({ subscription: 3, position: 9 })
    expect(read.removed(records.removed.body)).toBe(3)
    expect(read.revived(records.revived.body)).toEqual({ subscription: 3, clock: 12.5, positions: [9, 8] })
    expect(read.discarded(records.discarded.body)).toEqual({ subscription: 3, positions: [9] })
    expect(read.trimmed(records.trimmed.body)).toEqual({ topic: 7, before: 100 })
    expect(read.lane(records.lane.body)).toEqual({ name: 'outbox', epoch: 2, position: 77 })
    expect(read.declared(records.declared.body).topics).toEqual([{ number: 1, spec: topicSpec() }])
  })

  test('a checkpoint, which comes back as it was', () => {
    const state = encodeCheckpoint(everything())
    expect(state.toString('hex')).toMatchInlineSnapshot(
      `"0202000000000000244001066f7574626f78000000000000004000000000004053400101000000367b226e616d65223a226f72646572732e706c61636564222c22706172746974696f6e73223a312c22726574656e74696f6e223a7b7d7d0701007e000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000040020000010002000300040005000000000000488f40020000010002000300040005000000000000002a40020000000000000000000000000101016b02030000000000000c40040000000000408f400101020201000000000000084000000000000010400001026d3200000000000000400102000000bd017b22746f706963223a226f72646572732e706c61636564222c226e616d65223a2262696c6c696e67222c2266726f6d223a226561726c69657374222c226469736369706c696e65223a7b226b696e64223a226669666f222c226c6576656c73223a312c2261744c65617374223a226578616374227d2c227265747279223a7b22617474656d707473223a352c2264656c617973223a5b3130302c313030305d7d2c2274696d656f7574223a353030302c226772616365223a353030307d01003e000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000100000000000014400162010a02000000000000f03f0100000000000000002240455b7b226e616d65223a224572726f72222c226d657373616765223a2272756e2031222c22617474656d7074223a312c2274696d65223a313030303030303030303030307d5d00000000000014400001000000000000000000025b5d0100000000000000400000000000002a400000000000002a4000"`,
    )
    const again = decodeCheckpoint(state, 20, 60_000)
    expect(encodeCheckpoint(again).equals(state)).toBe(true)
    expect(again.wanted.bytes).toBe(everything().wanted.bytes)
  })
})

/** A model with something of everything. */
function everything(): FolderModel {
  const model = new FolderModel(60_000)
  const billing = spec()
  let sequence = 0
  const apply = ({ kind, body }: { kind: number; body: Uint8Array }) =>
    model.apply({ sequence: ++sequence, kind, time: 0, body: Buffer.from(body) })
  apply(
    write.declared({
      topics: [{ number: 1, spec: topicSpec() }],
      subscriptions: [{ number: 2, start: 1, spec: billing }],
    }),
  )
  const publish = (position: number, changes: object, due = 0) => {
    const { bytes } = message(`m${position}`, changes)
    completeHead(bytes, { topic: 1, position, stored: 1_000 + position, clock: position, due })
    apply({ kind: KIND.MESSAGE, body: bytes })
  }
  publish(1, { key: 'k', priority: 2 })
  publish(2, { idSupplied: true })
  publish(3, {}, 3.5)
  publish(4, {}, 1_000)
  publish(5, {})
  publish(6, {})
  const of = { subscription: 2 }
  apply(write.taken({ ...of, clock: 7, instance: 'a', positions: [1, 2, 5, 6] }))
  apply(
    write.settled({ ...of, clock: 8, acked: [6], released: [], retried: [{ position: 1, due: 9, error: failure(1) }] }),
  )
  apply(write.dead({ ...of, position: 2, time: 1, attempts: 1, losses: 0, reason: 'REJECTED', errors: [] }))
  apply(write.revived({ ...of, clock: 9, positions: [2] }))
  apply(write.taken({ ...of, clock: 10, instance: 'b', positions: [2] }))
  apply(write.dead({ ...of, position: 2, time: 1, attempts: 1, losses: 0, reason: 'REJECTED', errors: [] }))
  apply(write.taken({ ...of, clock: 10, instance: 'b', positions: [5] }))
  apply(write.marked({ ...of, position: 5 }))
  apply(write.lane({ name: 'outbox', epoch: 2, position: 77 }))
  return model
}

test('messages that differ in one thing from the one before, by one writer, are as those of a writer of their own', () => {
  const bare = { ...full, correlationId: undefined, causationId: undefined }
  const sent = [
    bare,
    { ...bare, id: 'id-2' },
    { ...bare, version: 3 },
    { ...bare, version: 3, contentType: 'text/html' },
    { ...bare, version: 3, contentType: 'text/html', source: 'api' },
    full,
    { ...bare, causationId: 'parent' },
    { ...bare, version: 3, contentType: 'text/html', source: 'api' },
    bare,
  ]
  const writer = new MessageWriter()
  const together = sent.map(each => Buffer.from(writer.encode(each).bytes).toString('hex'))
  expect(together).toEqual(sent.map(each => new MessageWriter().encode(each).bytes.toString('hex')))
})

test.each([
  ['near each other', [7, 65_542, 8], 2],
  ['some way apart', [1, 65_537, 4_294_967_296], 4],
  ['far apart', [2 ** 52, 1, 4_294_967_298], 8],
  ['one, large', [2 ** 52 + 1], 2],
])('a column of numbers %s comes back', (_, numbers, width) => {
  const places = Uint16Array.from(numbers, (_, index) => 2 * index + 1)
  const source = new Float64Array(2 * numbers.length)
  for (let index = 0; index < numbers.length; index++) source[2 * index + 1] = numbers[index] as number
  const writer = new ByteWriter()
  writeColumn(writer, source, places)
  expect(writer.written.length).toBe(8 + 1 + width * numbers.length)
  const target = new Float64Array(source.length)
  readColumn(new ByteReader(writer.written), target, places)
  expect(target).toEqual(source)
})

test('bits come back, and say which they are', () => {
  const words = Uint32Array.of(0x8000_0001, 0, 0xffff_ffff)
  const writer = new ByteWriter()
  writeBits(writer, words)
  const read = new Uint32Array(3)
  readBits(new ByteReader(writer.written), read)
  expect(read).toEqual(words)
  expect([...placesOf(words)]).toEqual([0, 31, ...Array.from({ length: 32 }, (_, bit) => 64 + bit)])
})

test('a checkpoint of three thousand messages, with gaps and keys, comes back as it was', () => {
  const model = new FolderModel(60_000)
  let sequence = 0
  const apply = ({ kind, body }: { kind: number; body: Uint8Array }) =>
    model.apply({ sequence: ++sequence, kind, time: 0, body: Buffer.from(body) })
  apply(
    write.declared({
      topics: [{ number: 1, spec: topicSpec() }],
      subscriptions: [{ number: 2, start: 1, spec: spec() }],
    }),
  )
  for (let position = 1; position <= 3_000; position++) {
    const { bytes } = message(`m${position}`, position % 7 === 0 ? { key: `k${position % 3}` } : {})
    completeHead(bytes, { topic: 1, position, stored: 1_000 + position, clock: position, due: 0 })
    apply({ kind: KIND.MESSAGE, body: bytes })
  }
  const acked = Array.from({ length: 3_000 }, (_, index) => index + 1).filter(
    position => position % 10 !== 0 && (position < 500 || position > 2_500),
  )
  // Whatever has been written before is written anew where something has changed, and only there.
  encodeCheckpoint(model)
  apply(write.taken({ subscription: 2, clock: 1, instance: 'a', positions: acked }))
  apply(write.settled({ subscription: 2, clock: 2, acked, released: [], retried: [] }))
  encodeCheckpoint(model)
  apply(write.trimmed({ topic: 1, before: 2_800 }))
  const again = decodeCheckpoint(encodeCheckpoint(model), sequence, 60_000)
  expect(encodeCheckpoint(again).equals(encodeCheckpoint(model))).toBe(true)
  const state = ({ index, pending, subscriptions }: TopicModel) => ({
    waiting: [...(subscriptions.get('billing')?.pending ?? [])],
    messages: [...index.positions()].map(position => [
      ...[position, index.sequenceOf(position), index.timeOf(position), index.sizeOf(position)],
      ...[index.keyOf(position), pending.count(position)],
    ]),
    sums: [index.count, index.bytes, index.end, index.lastTime, pending.size],
  })
  expect(state(again.topic('orders.placed'))).toEqual(state(model.topic('orders.placed')))
  expect([again.wanted.bytes, again.wanted.first(1)]).toEqual([model.wanted.bytes, model.wanted.first(1)])
})

test('numbers of any size, distances both ways, and text come back', () => {
  const positions = [0, 1, 127, 128, 2 ** 31, 2 ** 32, 2 ** 52 - 1, 3, 0]
  const writer = new ByteWriter()
    .positions(positions)
    .text('ä🎉')
    .count(2 ** 53 - 1)
  const reader = new ByteReader(writer.written)
  expect(reader.positions()).toEqual(positions)
  expect(reader.text()).toBe('ä🎉')
  expect(reader.count()).toBe(2 ** 53 - 1)
  expect(reader.isAtEnd).toBe(true)
  expect(() => reader.count()).toThrow(RangeError)
})

test.each([
  ['a record of a later format', { kind: KIND.REMOVED, body: Buffer.from([FORMAT + 1, 0, 0, 0, 0]) }],
  ['a kind of record that nobody knows', { kind: 200, body: Buffer.from([FORMAT]) }],
])('%s is refused, with the advice to upgrade', (_, record) => {
  const apply = () => new FolderModel(1).apply({ sequence: 1, time: 0, ...record })
  expect(apply).toThrow(expect.objectContaining({ code: 'UNSUPPORTED', message: expect.stringContaining('Upgrade') }))
})

test('a checkpoint of a later format is refused', () => {
  const state = encodeCheckpoint(new FolderModel(1))
  state[0] = CHECKPOINT_FORMAT + 1
  expect(() => decodeCheckpoint(state, 0, 1)).toThrow(expect.objectContaining({ code: 'UNSUPPORTED' }))
})
