import { partitionOf } from '@pluribus/core/driver'
import { describe, expect, test } from 'vitest'
import { murmur2 } from '../../src/driver/log/partition-of.js'

const bytes = (text: string) => new TextEncoder().encode(text)

describe('partitionOf', () => {
  // The values of org.apache.kafka.common.utils.UtilsTest.
  test.each([
    ['21', -973932308],
    ['foobar', -790332482],
    ['a-little-bit-long-string', -985981536],
    ['a-little-bit-longer-string', -1486304829],
    ['lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8', -58897971],
    ['abc', 479470107],
  ])('hashes "%s" as Kafka does', (text, hash) => {
    expect(murmur2(bytes(text))).toBe(hash)
  })

  test('spreads keys over all partitions, and the same key always to the same one', () => {
    const counts = Array.from({ length: 7 }, () => 0)
    for (let n = 0; n < 7_000; n++) {
      const partition = partitionOf(`customer-${n}`, 7)
      expect(partitionOf(`customer-${n}`, 7)).toBe(partition)
      counts[partition] = (counts[partition] as number) + 1
    }
    for (const count of counts) expect(count).toBeGreaterThan(850)
    expect(partitionOf('anything', 1)).toBe(0)
  })
})
