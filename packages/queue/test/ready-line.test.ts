import { describe, expect, it } from 'vitest'
import type { ReadyLine } from '../src/ready-line.js'
import { ReadyRing } from '../src/ready-ring.js'
import { ReadyStack } from '../src/ready-stack.js'
import { randomFrom } from './random.js'

describe.each([
  ['ReadyRing', () => new ReadyRing()],
  ['ReadyStack', () => new ReadyStack()],
] as const)('%s', (_, create: () => ReadyLine) => {
  /** Pushes, reserves and drops at random; `fill` is the share of pushes. */
  function drive(line: ReadyLine, steps: number, fill: (step: number) => number): void {
    const random = randomFrom(7)
    const list: { position: number; place: number }[] = []
    let lastPlace = -1
    for (let step = 0; step < steps; step++) {
      if (random() < fill(step)) {
        const isPush = random() < 0.8
        const place = isPush ? line.push(step) : line.reserve()
        if (place <= lastPlace) expect.unreachable(`place ${place} after ${lastPlace}`)
        lastPlace = place
        if (isPush) list.push({ position: step, place })
      } else if (list.length > 0) {
        const next = line.direction === 1 ? list.shift() : list.pop()
        if (line.position !== next?.position || line.place !== next.place) {
          expect({ position: line.position, place: line.place }).toEqual(next)
        }
        line.drop()
      }
      if (line.empty !== (list.length === 0)) expect.unreachable('empty')
    }
    expect([...line.positions()].sort((a, b) => a - b)).toEqual(list.map(({ position }) => position))
  }

  it('keeps the order over many chunks, filling and emptying', () => {
    drive(create(), 60_000, step => (Math.floor(step / 10_000) % 2 === 0 ? 0.8 : 0.3))
  })

  it('stays right around the edge of a chunk', () => {
    const line = create()
    for (const count of [1023, 1, 1, 1023, 1024, 1025, 2048]) {
      const positions = Array.from({ length: count }, (_, position) => position)
      for (const position of positions) line.push(position)
      const seen = positions.map(() => {
        const { position } = line
        line.drop()
        return position
      })
      expect(line.direction === 1 ? seen : seen.reverse()).toEqual(positions)
      expect(line.empty).toBe(true)
    }
  })
})

it('a ring skips a run of holes longer than its chunks, at once', () => {
  const ring = new ReadyRing()
  ring.push(1)
  for (let hole = 0; hole < 5000; hole++) ring.reserve()
  expect(ring.push(2)).toBe(5001)
  ring.drop()
  expect([ring.position, ring.place]).toEqual([2, 5001])
  ring.drop()
  expect(ring.empty).toBe(true)
  expect(ring.reserve()).toBe(5002)
  expect(ring.empty).toBe(true)
})
