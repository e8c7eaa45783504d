import { expect, test } from 'vitest'
import { AROUND, MessageCache } from '../src/live/message-cache.js'

const bytes = (length: number) => Buffer.alloc(length)
/** As many bytes as so many messages of ten take, with what is around them. */
const room = (messages: number) => messages * (10 + AROUND)

test('keeps the latest, up to its limit, and nothing that would push out a quarter of it', () => {
  const cache = new MessageCache(room(10))
  for (let sequence = 1; sequence <= 12; sequence++) cache.put(sequence, bytes(10))
  expect([1, 2, 3, 12].map(sequence => cache.get(sequence) !== undefined)).toEqual([false, false, true, true])
  cache.put(13, bytes(room(10) / 4 - AROUND + 1))
  expect(cache.get(13)).toBeUndefined()
})

test('what was forgotten, and came again, goes in its turn', () => {
  const cache = new MessageCache(room(4))
  for (const sequence of [1, 2, 3, 4]) cache.put(sequence, bytes(10))
  cache.forget(1)
  cache.forget(1)
  cache.put(5, bytes(10))
  expect([2, 3, 4, 5].every(sequence => cache.get(sequence) !== undefined)).toBe(true)
  cache.put(6, bytes(10))
  expect([2, 3].map(sequence => cache.get(sequence) !== undefined)).toEqual([false, true])
})

test('two hundred thousand that come and go, in turn and out of turn, leave what should be there', () => {
  const cache = new MessageCache(room(10_000))
  for (let sequence = 1; sequence <= 200_000; sequence++) {
    cache.put(sequence, bytes(10))
    if (sequence % 3 === 0) cache.forget(sequence - 1)
  }
  expect(cache.get(200_000)).toBeDefined()
  expect(cache.get(199_997)).toBeUndefined()
  expect(cache.get(180_000)).toBeUndefined()
  expect(cache.get(199_000)).toBeDefined()
})

test('one that stays does not keep the places of those that came and went', () => {
  const cache = new MessageCache(room(1_000))
  for (let sequence = 1; sequence <= 100_000; sequence++) {
    cache.put(sequence, bytes(10))
    if (sequence > 1) cache.forget(sequence)
  }
  expect(cache.get(1)).toBeDefined()
  for (let sequence = 100_001; sequence <= 101_000; sequence++) cache.put(sequence, bytes(10))
  expect([1, 100_001, 101_000].map(sequence => cache.get(sequence) !== undefined)).toEqual([false, true, true])
})

test('what was read from further back is found, and goes in its turn', () => {
  const cache = new MessageCache(room(4))
  for (const sequence of [5_000, 7, 5_001, 8]) cache.put(sequence, bytes(10))
  expect([5_000, 7, 5_001, 8].every(sequence => cache.get(sequence) !== undefined)).toBe(true)
  cache.put(9, bytes(10))
  cache.put(10, bytes(10))
  expect([5_000, 5_001, 7, 10].map(sequence => cache.get(sequence) !== undefined)).toEqual([false, false, true, true])
})
