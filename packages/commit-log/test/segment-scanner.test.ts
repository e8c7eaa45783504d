import fc from 'fast-check'
import { expect, test } from 'vitest'
import { batchSize } from '../src/format/batch-header.js'
import { at, batch, scan, segment } from './frames.js'

const bodies = ['one', 'two', 'three', 'four', 'five', 'six'].map(text => Buffer.from(text))
const [one, two, three, four, five, six] = bodies as [Buffer, Buffer, Buffer, Buffer, Buffer, Buffer]
const makers = [at(1, [one, two]), at(3, [three]), at(4, [four, five, six])]
const whole = segment(...makers)
const batches = makers.map((make, index) => make(segment(...makers.slice(0, index)).length))
const starts = [72, 72 + (batches[0]?.length ?? 0), 72 + (batches[0]?.length ?? 0) + (batches[1]?.length ?? 0)]
const sequences = ({ records }: { readonly records: readonly { readonly sequence: number }[] }) =>
  records.map(({ sequence }) => sequence)

test('tells every record, in order, as it was', async () => {
  const { records, damage, end, hasRemainder } = await scan(whole)
  expect(records.map(({ body }) => Buffer.from(body).toString())).toEqual(bodies.map(String))
  expect([sequences({ records }), damage]).toEqual([[1, 2, 3, 4, 5, 6], []])
  expect([end, hasRemainder]).toEqual([{ offset: whole.length, next: 7 }, false])
})

test('zeros behind the last batch are room, other bytes a batch that was being written', async () => {
  expect(await scan(Buffer.concat([whole, Buffer.alloc(5000)]))).toMatchObject({ damage: [], hasRemainder: false })
  const torn = Buffer.concat([whole, batch(7, [one]).subarray(0, 44), Buffer.alloc(5000)])
  expect(await scan(torn)).toMatchObject({ damage: [], end: { next: 7 }, hasRemainder: true })
})

test('every byte at which a file can be cut leaves whole batches, and is damage where the end is known', async () => {
  for (let cut = 72; cut < whole.length; cut++) {
    const bytes = whole.subarray(0, cut)
    const torn = await scan(bytes)
    expect(torn.damage).toEqual([])
    expect(sequences(torn)).toEqual([1, 2, 3, 4, 5, 6].slice(0, torn.end.next - 1))
    // Zeros alone are missing of what stands at the end of the batches.
    expect([1, 3, 4, 7]).toContain(torn.end.next)

    const known = await scan(bytes, { offset: whole.length, next: 7 })
    expect(sequences(known)).toEqual(sequences(torn))
    expect(known.damage).toEqual(
      torn.end.next === 7 ? [] : [{ offset: torn.end.offset, end: whole.length, first: torn.end.next, next: 7 }],
    )
  }
})

test('every bit that can flip costs its batch and no other, and the loss is told exactly', async () => {
  for (let bit = 72 * 8; bit < whole.length * 8; bit++) {
    const bytes = Buffer.from(whole)
    bytes[bit >> 3] = (bytes[bit >> 3] as number) ^ (1 << (bit & 7))
    const { records, damage } = await scan(bytes, { offset: whole.length, next: 7 })
    const hit = starts.findLastIndex(start => bit >= start * 8)
    const lost = [[1, 2], [3], [4, 5, 6]][hit] as number[]
    const inPadding = damage.length === 0
    expect(sequences({ records })).toEqual([1, 2, 3, 4, 5, 6].filter(n => inPadding || !lost.includes(n)))
    expect(damage).toEqual(
      inPadding
        ? []
        : [{ offset: starts[hit], end: starts[hit + 1] ?? whole.length, first: lost[0], next: (lost.at(-1) ?? 0) + 1 }],
    )
    for (const { sequence, body } of records) expect(Buffer.from(body)).toEqual(bodies[sequence - 1])
  }
})

test('a batch of another segment, and one at a place of another, is not taken for this one', async () => {
  expect(sequences(await scan(segment(at(1, [one], {}, 2))))).toEqual([])
  expect(sequences(await scan(segment(at(2, [one]))))).toEqual([])
  const { records, damage } = await scan(segment(at(1, [one]), at(1, [two]), at(2, [three])))
  expect(sequences({ records })).toEqual([1, 2])
  expect(damage).toMatchObject([{ first: 2, next: 2 }])
})

test('a declared loss is passed over, whatever its bytes are', async () => {
  const lost = at(3, [three], { kind: 'lost', count: 40 })
  const { records, damage, end } = await scan(segment(at(1, [one, two]), lost, at(43, [four])))
  expect([sequences({ records }), damage, end.next]).toEqual([[1, 2, 43], [], 44])
})

test('a scan goes through batches larger than what is read at once', async () => {
  const large = Buffer.alloc(3_000_000, 1)
  const bytes = segment(at(1, [large]), at(2, [one]), at(3, [large, large]))
  const { records, damage } = await scan(bytes)
  expect(records.map(({ body }) => body.length)).toEqual([3_000_000, 3, 3_000_000, 3_000_000])
  bytes[100] = 0
  expect(damage).toEqual([])
  expect(await scan(bytes)).toMatchObject({
    damage: [{ offset: 72, end: 72 + batchSize({ length: 3_000_009 }), first: 1, next: 2 }],
  })
})

test('whatever bytes it is given, it ends, and tells nothing that was not written', async () => {
  const known = new Map(bodies.map((body, index) => [index + 1, body.toString()]))
  const mutation = fc.record({
    at: fc.nat({ max: whole.length + 64 }),
    bytes: fc.oneof(fc.uint8Array({ maxLength: 64 }), fc.constantFrom(...batches)),
    cut: fc.option(fc.nat({ max: whole.length }), { nil: undefined }),
  })
  await fc.assert(
    fc.asyncProperty(fc.array(mutation, { maxLength: 6 }), fc.boolean(), async (mutations, sealed) => {
      let bytes = Buffer.concat([whole, Buffer.alloc(64)])
      for (const { at, bytes: put, cut } of mutations) {
        bytes.set(put.subarray(0, Math.max(0, bytes.length - at)), Math.min(at, bytes.length))
        if (cut !== undefined) bytes = bytes.subarray(0, bytes.length - (cut % 64))
      }
      const { records, damage, end } = await scan(bytes, sealed ? { offset: whole.length, next: 7 } : undefined)
      let last = 0
      for (const { sequence, body } of records) {
        expect(Buffer.from(body).toString()).toBe(known.get(sequence))
        expect(sequence).toBeGreaterThan(last)
        last = sequence
      }
      const lost = damage.reduce((sum, { first, next }) => sum + next - first, 0)
      expect(records.length + lost).toBe(end.next - 1)
    }),
    { numRuns: 3000 },
  )
})

test('random bytes are no batches', async () => {
  await fc.assert(
    fc.asyncProperty(fc.uint8Array({ maxLength: 4096 }), async bytes => {
      const { records, damage, end } = await scan(Buffer.concat([segment(), bytes]))
      expect([records, damage, end]).toEqual([[], [], { offset: 72, next: 1 }])
    }),
    { numRuns: 2000 },
  )
})
