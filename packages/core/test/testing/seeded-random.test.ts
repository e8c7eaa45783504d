import { seededRandom } from '@pluribus/core/testing'
import { expect, test } from 'vitest'

test('stays what it is: failing seeds of old reports keep their meaning', () => {
  const random = seededRandom(1)
  expect([random(), random(), random()]).toMatchInlineSnapshot(`
    [
      0.9630554113537073,
      0.30575690302066505,
      0.07996799796819687,
    ]
  `)
})

test('is even and unrelated between neighbouring seeds', () => {
  const draws = 50_000
  const buckets = new Array<number>(10).fill(0)
  let same = 0
  const [one, two] = [seededRandom(41), seededRandom(42)]
  for (let draw = 0; draw < draws; draw++) {
    const [a, b] = [Math.floor(one() * 10), Math.floor(two() * 10)]
    buckets[a] = (buckets[a] ?? Number.NaN) + 1
    if (a === b) same++
  }
  for (const count of buckets) expect(Math.abs(count - draws / 10)).toBeLessThan(400)
  expect(Math.abs(same - draws / 10)).toBeLessThan(400)
})
