import { expect, it } from 'vitest'
import { DueHeap } from '../src/due-heap.js'
import { PlaceHeap } from '../src/place-heap.js'
import { randomFrom } from './random.js'

it('PlaceHeap gives back the smallest score, growing and shrinking', () => {
  const heap = new PlaceHeap()
  const random = randomFrom(3)
  for (const size of [1, 17, 9000, 3, 5000]) {
    const scores = Array.from({ length: size }, (_, index) => index - 100).sort(() => random() - 0.5)
    for (const score of scores) heap.push(score, score + 1000)
    expect([...heap.positions()].length).toBe(size)
    for (const score of scores.sort((a, b) => a - b)) {
      if (heap.score !== score || heap.position !== score + 1000) expect(heap.score).toBe(score)
      heap.drop()
    }
    expect(heap.empty).toBe(true)
  }
})

it('DueHeap gives back the earliest, equal times in the order of scheduling', () => {
  const heap = new DueHeap()
  const random = randomFrom(5)
  const size = 20_000
  const all = Array.from({ length: size }, (_, position) => ({ position, due: Math.floor(random() * 500) }))
  for (const { position, due } of all) heap.schedule(position, due)
  expect([heap.scheduled, heap.retrying]).toEqual([size, 0])
  for (const { position, due } of all.sort((a, b) => a.due - b.due || a.position - b.position)) {
    if (heap.due !== due || heap.position !== position) expect([heap.due, heap.position]).toEqual([due, position])
    heap.drop()
  }
  expect([heap.due, heap.scheduled]).toEqual([Number.POSITIVE_INFINITY, 0])
})

it('DueHeap keeps the place of a retry, and says that a scheduled message has none', () => {
  const heap = new DueHeap()
  heap.retry(70, 20, 0)
  heap.schedule(71, 10)
  heap.retry(72, 30, 12)
  expect([heap.scheduled, heap.retrying]).toEqual([1, 2])
  const places: number[] = []
  while (heap.due < Number.POSITIVE_INFINITY) {
    places.push(heap.place)
    heap.drop()
  }
  expect(places).toEqual([-1, 0, 12])
})
