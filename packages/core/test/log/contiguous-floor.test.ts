import { ContiguousFloor, decodeRanges, encodeRanges } from '@pluribus/core/driver'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { model, pick } from './model.js'

const ROOM = 40

/** The naive one: every position ever delivered, in a map. */
class Reference {
  readonly delivered = new Map<number, boolean>()
  reached: number
  readonly start: number

  constructor(start: number) {
    this.start = start
    this.reached = start
  }

  get open(): number[] {
    return [...this.delivered].filter(([, isDone]) => !isDone).map(([position]) => position)
  }

  get floor(): number {
    return this.open[0] ?? this.reached
  }

  get above(): number[] {
    const { floor } = this
    return [...this.delivered].filter(([position, isDone]) => isDone && position > floor).map(([position]) => position)
  }
}

/** Which positions there are: some are markers, and whole stretches have been compacted away. */
const exists = (position: number, first: number) =>
  (position * 7 + first) % 5 > 0 && Math.floor(position / 30) % 3 !== 1

const covers = (ranges: readonly { first: number; last: number }[], position: number) =>
  ranges.some(({ first, last }) => first <= position && position <= last)

describe('contiguous floor', () => {
  test('does what a map of all positions does; what is done above it always fits, and survives a handover', () => {
    const weights = { deliver: 30, gap: 6, done: 24, again: 2, handOver: 2 } as const
    const transitions = ['delivered', 'was done', 'gap', 'done', 'floor moved', 'done above', 'full', 'handed over']
    const world = (count: (name: string) => void, first: number) => {
      const span = 2 + (first % 12)
      let floor = new ContiguousFloor({ floor: first, span, room: ROOM })
      let reference = new Reference(first)
      /** Done, and stored as such by an owner before. */
      let stored: number[] = []
      const nextAt = (from: number) => {
        let position = from
        while (!exists(position, first)) position++
        return position
      }
      const done = (position: number) => {
        const before = reference.floor
        reference.delivered.set(position, true)
        floor.done(position)
        count(reference.floor === before ? 'done above' : 'floor moved')
      }
      const commands = {
        deliver: () => {
          if (floor.isFull) return count('full')
          const position = nextAt(reference.reached)
          const wasDone = stored.includes(position)
          reference.delivered.set(position, wasDone)
          reference.reached = position + 1
          expect(floor.deliver(position)).toBe(!wasDone)
          count(wasDone ? 'was done' : 'delivered')
          expect(() => floor.deliver(position)).toThrow(RangeError)
        },
        gap: (n: number) => {
          const next = nextAt(reference.reached) - (n % 2)
          if (next <= reference.reached) return
          reference.reached = next
          floor.reach(next)
          floor.reach(next - 5)
          count('gap')
        },
        done: (n: number) => {
          const position = pick(reference.open, n)
          if (position !== undefined) done(position)
          if (position !== undefined) count('done')
        },
        again: (n: number) => {
          const position = pick(
            [...reference.delivered].filter(([, isDone]) => isDone),
            n,
          )?.[0]
          if (position !== undefined) floor.done(position)
        },
        handOver: () => {
          const text = encodeRanges(floor.ranges(), floor.floor)
          stored = [...reference.above, ...stored.filter(each => each >= reference.reached)]
          reference = new Reference(reference.floor)
          floor = new ContiguousFloor({ floor: floor.floor, done: decodeRanges(text, floor.floor), span, room: ROOM })
          count('handed over')
        },
      }
      return (command: keyof typeof weights, n: number) => {
        commands[command](n)
        expect(floor.floor).toBe(reference.floor)
        expect(floor.reached).toBe(reference.reached)
        const counted = [...reference.delivered.keys()].filter(position => position >= reference.floor)
        expect(floor.span).toBe(counted.length)
        expect(floor.passed).toBe(reference.delivered.size - counted.length)
        const ranges = floor.ranges()
        for (const position of reference.above) expect(covers(ranges, position)).toBe(true)
        for (const position of reference.open) expect(covers(ranges, position)).toBe(false)
        for (const position of stored.filter(each => each >= reference.reached)) {
          expect(covers(ranges, position)).toBe(true)
        }
        // One position may be delivered on top of a room that is not full: its digits, a separator and a dash.
        expect(encodeRanges(ranges, floor.floor).length).toBeLessThanOrEqual(ROOM + 8)
        if (floor.span >= span) expect(floor.isFull).toBe(true)
        if (floor.span === 0) expect(floor.isFull).toBe(false)
      }
    }
    model('contiguous floor', weights, world, transitions)
  })

  test('a far run of done positions is moved out of memory, and answers stay right', () => {
    const floor = new ContiguousFloor({ floor: 0 })
    for (let position = 0; position < 10_000; position++) {
      floor.deliver(position)
      if (position >= 10) floor.done(position - 10)
    }
    expect([floor.floor, floor.span, floor.passed]).toEqual([9_990, 10, 9_990])
    floor.done(9_995)
    expect(floor.ranges()).toEqual([{ first: 9_995, last: 9_995 }])
  })

  test('ranges survive their text', () => {
    const range = fc.tuple(fc.integer({ min: 1, max: 5_000 }), fc.oneof(fc.constant(0), fc.nat({ max: 3_000 })))
    const property = fc.property(fc.nat(), fc.array(range), (floor, parts) => {
      let end = floor
      const ranges = parts.map(([gap, more]) => {
        const first = end + gap
        end = first + more
        return { first, last: end }
      })
      expect(decodeRanges(encodeRanges(ranges, floor), floor)).toEqual(ranges)
    })
    fc.assert(property)
    expect(() => decodeRanges('1,x y', 0)).toThrow('"x y" is no range of positions')
  })
})
