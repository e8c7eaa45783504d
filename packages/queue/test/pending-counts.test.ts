import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { expect, it } from 'vitest'
import { PendingCounts } from '../src/index.js'
import { positionsOf } from './positions-of.js'
import { randomFrom } from './random.js'

setFlagsFromString('--expose-gc')
const collect: () => void = runInNewContext('gc')

/** Of what is still in use: collects until nothing more is freed, because buffers are swept behind the collector's back. */
function bytesOfBuffers(): number {
  for (let before = Number.POSITIVE_INFINITY; ; ) {
    collect()
    const bytes = process.memoryUsage().arrayBuffers
    if (bytes === before) return bytes
    before = bytes
  }
}

it('hands out what nobody has pending, once, also past a message that stays pending', () => {
  const pending = new PendingCounts()
  for (let position = 0; position < 20_000; position++) pending.add(position, 2)
  for (let position = 1; position < 20_000; position++) {
    pending.done(position)
    pending.done(position)
  }
  expect([...pending.removable(10_000)].flatMap(positionsOf)).toEqual(
    Array.from({ length: 9_999 }, (_, index) => index + 1),
  )
  expect([...pending.removable(10_000)]).toEqual([])
  expect([pending.size, pending.count(0), pending.count(5), pending.count(10_000)]).toEqual([10_001, 2, -1, 0])
})

it('agrees with a map, whatever the gaps', () => {
  const pending = new PendingCounts()
  const counts = new Map<number, number>()
  const random = randomFrom(17)
  let last = 2 ** 40
  for (let step = 0; step < 30_000; step++) {
    const positions = [...counts.keys()]
    const any = positions[Math.floor(random() * positions.length)]
    const choice = random()
    if (choice < 0.35) {
      last += 1 + Math.floor(random() ** 8 * 20_000)
      const subscriptions = Math.floor(random() * 3)
      pending.add(last, subscriptions)
      counts.set(last, subscriptions)
    } else if (any === undefined) continue
    else if (choice < 0.4) {
      pending.add(any, 1)
      counts.set(any, (counts.get(any) ?? 0) + 1)
    } else if (choice < 0.99) {
      const left = (counts.get(any) ?? 0) - 1
      if (left < 0) continue
      if (pending.done(any) !== left) expect.unreachable(`done(${any})`)
      counts.set(any, left)
    } else {
      const expected = [...counts]
        .filter(([position, left]) => left === 0 && position < any)
        .map(([position]) => position)
      expect([...pending.removable(any)].flatMap(positionsOf)).toEqual(expected)
      for (const position of expected) counts.delete(position)
    }
  }
  expect(pending.size).toBe(counts.size)
  for (const [position, left] of counts) if (pending.count(position) !== left) expect.unreachable(`count(${position})`)
})

it('hands out stretches that are as long as chunks let them be, and forgets a chunk that is settled entirely', () => {
  const pending = new PendingCounts()
  for (let position = 0; position < 3 * 4_096; position++) pending.add(position, position === 9_000 ? 1 : 0)
  expect([...pending.removable(12_000)]).toEqual([
    { from: 0, to: 4_096 },
    { from: 4_096, to: 8_192 },
    { from: 8_192, to: 9_000 },
    { from: 9_001, to: 12_000 },
  ])
  expect([...pending.removable(12_000)]).toEqual([])
  pending.done(9_000)
  expect([...pending.removable(99_999)]).toEqual([
    { from: 9_000, to: 9_001 },
    { from: 12_000, to: 12_288 },
  ])
  expect(pending.size).toBe(0)
})

it('hands out no stretch in which somebody waits, although as much was done with as a chunk has messages', () => {
  const pending = new PendingCounts()
  for (let position = 0; position < 4_096; position++) pending.add(position, 2)
  for (let position = 0; position < 2_048; position++) {
    pending.done(position)
    pending.done(position)
  }
  expect([...pending.removable(4_096)]).toEqual([{ from: 0, to: 2_048 }])
  expect([pending.count(2_047), pending.count(2_048), pending.count(50_000)]).toEqual([-1, 2, -1])
})

it('keeps no memory for stretches of which everything is removed, whatever stays pending before and behind them', () => {
  const pending = new PendingCounts()
  const before = bytesOfBuffers()
  pending.add(0, 1)
  for (let chunk = 1; chunk <= 2_000; chunk++) for (const at of [7, 4_095]) pending.add(chunk * 4_096 + at, 0)
  pending.add(2_001 * 4_096, 1)
  expect(bytesOfBuffers() - before).toBeGreaterThan(2_000 * 8_192)
  expect([...pending.removable(3_000 * 4_096)].length).toBe(4_000)
  expect(bytesOfBuffers() - before).toBeLessThan(100 * 8_192)
  expect(pending.size).toBe(2)
})

it('refuses what would miscount', () => {
  const pending = new PendingCounts()
  pending.add(1, 65_534)
  pending.add(2, 0)
  expect(() => pending.add(1, 1)).toThrow('Message 1: 65535 subscriptions; 65534 can be counted.')
  expect(() => pending.done(2)).toThrow('Message 2 is pending in no subscription.')
  expect(() => pending.done(3)).toThrow(RangeError)
  expect([...pending.removable(9)]).toEqual([{ from: 2, to: 3 }])
  expect(pending.count(1)).toBe(65_534)
})

it('may be walked while messages come and go', () => {
  const pending = new PendingCounts()
  pending.add(1, 0)
  pending.add(2, 1)
  const seen: number[] = []
  for (const { from, to } of pending.removable(10_000)) {
    seen.push(...positionsOf({ from, to }))
    if (from === 1) {
      pending.done(2)
      pending.add(5000, 0)
    }
  }
  expect(seen).toEqual([1, 2, 5000])
})

it('counts a stretch as its positions one by one', () => {
  const random = randomFrom(3)
  const [together, single] = [new PendingCounts(), new PendingCounts()]
  for (let from = 1; from < 40_000; ) {
    const to = from + 1 + Math.floor(random() * 6_000)
    const subscriptions = Math.floor(random() * 3)
    together.addAll({ from, to }, subscriptions)
    for (let position = from; position < to; position++) single.add(position, subscriptions)
    // Some are known by now, and get one more.
    const again = { from: Math.max(1, from - 500), to: from + 1 }
    together.addAll(again, 1)
    for (let position = again.from; position < again.to; position++) single.add(position, 1)
    from = to + Math.floor(random() * 3)
  }
  expect(together.size).toBe(single.size)
  for (let position = 1; position < 46_000; position++) expect(together.count(position)).toBe(single.count(position))
  expect([...together.removable(1e9)]).toEqual([...single.removable(1e9)])
  expect(() => together.addAll({ from: 50_000, to: 50_002 }, 65_535)).toThrow('65535 subscriptions')
})
