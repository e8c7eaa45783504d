import { expect, test } from 'vitest'
import { MessageCache } from '../src/live/message-cache.js'

const bytes = (length: number) => Buffer.alloc(length)

test('keeps the latest, up to its limit, and nothing that would push out a quarter of it', () => {
  const cache = new MessageCache(100)
  for (let sequence = 1; sequence <= 12; sequence++) cache.put(sequence, bytes(10))
  expect([1, 2, 3, 12].map(sequence => cache.get(sequence) !== undefined)).toEqual([false, false, true, true])
  cache.put(13, bytes(26))
  expect(cache.get(13)).toBeUndefined()
})

test('what was forgotten, and came again, goes in its turn', () => {
  const cache = new MessageCache(40)
  for (const sequence of [1, 2, 3, 4]) cache.put(sequence, bytes(10))
  cache.forget(1)
  cache.forget(1)
  cache.put(5, bytes(10))
  expect([2, 3, 4, 5].every(sequence => cache.get(sequence) !== undefined)).toBe(true)
  cache.put(6, bytes(10))
  expect([2, 3].map(sequence => cache.get(sequence) !== undefined)).toEqual([false, true])
})

test('two hundred thousand that come and go, in turn and out of turn, leave what should be there', () => {
  const cache = new MessageCache(100_000)
  for (let sequence = 1; sequence <= 200_000; sequence++) {
    cache.put(sequence, bytes(10))
    if (sequence % 3 === 0) cache.forget(sequence - 1)
  }
  expect(cache.get(200_000)).toBeDefined()
  expect(cache.get(199_997)).toBeUndefined()
  expect(cache.get(180_000)).toBeUndefined()
  expect(cache.get(199_000)).toBeDefined()
})
