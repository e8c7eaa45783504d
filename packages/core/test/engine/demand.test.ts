import { describe, expect, test } from 'vitest'
import type { ConsumerTask } from '../../src/engine/consuming/consumer-parts.js'
import { roomOf } from '../../src/engine/consuming/demand.js'

const TASK = {
  concurrency: 4,
  prefetch: 8,
  subscription: { spec: { discipline: { kind: 'fifo' } } },
} as ConsumerTask
const NOTHING = { running: 0, buffered: 0, lingering: 0, isDue: false }

describe('roomOf', () => {
  test('is the whole window at the beginning', () => {
    expect(roomOf(TASK, NOTHING)).toBe(12)
  })

  test('waits until half of what is fetched ahead is used up', () => {
    expect(roomOf(TASK, { ...NOTHING, running: 4, buffered: 5 })).toBe(0)
    expect(roomOf(TASK, { ...NOTHING, running: 4, buffered: 4 })).toBe(4)
    expect(roomOf({ ...TASK, prefetch: 4 }, { ...NOTHING, buffered: 4 })).toBe(0)
    expect(roomOf({ ...TASK, prefetch: 4 }, { ...NOTHING, buffered: 3 })).toBe(5)
  })

  test('is what there is, where the source is called in any case', () => {
    expect(roomOf(TASK, { ...NOTHING, running: 4, buffered: 5, isDue: true })).toBe(3)
  })

  test('is nothing while settles are answered too slowly, called or not', () => {
    expect(roomOf(TASK, { ...NOTHING, lingering: 1_024, isDue: true })).toBe(0)
    expect(roomOf(TASK, { ...NOTHING, lingering: 1_023 })).toBe(12)
    const many = { ...TASK, concurrency: 992 }
    expect(roomOf(many, { ...NOTHING, lingering: 4_000 })).toBe(0)
    expect(roomOf(many, { ...NOTHING, lingering: 3_999 })).toBe(1_000)
  })
})
