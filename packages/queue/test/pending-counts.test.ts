import { expect, it } from 'vitest'
import { PendingCounts } from '../src/index.js'
import { randomFrom } from './random.js'

it('hands out what nobody has pending, once, also past a message that stays pending', () => {
  const pending = new PendingCounts()
  for (let position = 0; position < 20_000; position++) pending.add(position, 2)
  for (let position = 1; position < 20_000; position++) {
    pending.done(position)
    pending.done(position)
  }
  expect([...pending.removable(10_000)]).toEqual(Array.from({ length: 9_999 }, (_, index) => index + 1))
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
      expect([...pending.removable(any)]).toEqual(expected)
      for (const position of expected) counts.delete(position)
    }
  }
  expect(pending.size).toBe(counts.size)
  for (const [position, left] of counts) if (pending.count(position) !== left) expect.unreachable(`count(${position})`)
})

it('refuses what would miscount', () => {
  const pending = new PendingCounts()
  pending.add(1, 65_534)
  pending.add(2, 0)
  expect(() => pending.add(1, 1)).toThrow('Message 1: 65535 subscriptions; 65534 can be counted.')
  expect(() => pending.done(2)).toThrow('Message 2 is pending in no subscription.')
  expect(() => pending.done(3)).toThrow(RangeError)
  expect([...pending.removable(9)]).toEqual([2])
  expect(pending.count(1)).toBe(65_534)
})

it('may be walked while messages come and go', () => {
  const pending = new PendingCounts()
  pending.add(1, 0)
  pending.add(2, 1)
  const seen: number[] = []
  for (const position of pending.removable(10_000)) {
    seen.push(position)
    if (position === 1) {
      pending.done(2)
      pending.add(5000, 0)
    }
  }
  expect(seen).toEqual([1, 2, 5000])
})
