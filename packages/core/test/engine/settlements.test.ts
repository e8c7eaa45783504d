import { VirtualClock } from '@pluribus/core/testing'
import { describe, expect, test } from 'vitest'
import { ACK, RELEASE } from '../../src/engine/consuming/policy.js'
import { Settlements } from '../../src/engine/consuming/settlements.js'
import { delivery, ManualSource, watchdogOf } from './parts.js'

function bench() {
  const clock = new VirtualClock()
  const source = new ManualSource()
  const told: string[] = []
  const settlements = new Settlements(source, watchdogOf(clock), {
    settled: (acked, others) =>
      void told.push(`settled ${[...acked, ...others.map(({ delivery: each }) => each)].map(({ token }) => token)}`),
    stale: ({ token }) => void told.push(`stale ${String(token)}`),
    failed: () => void told.push('failed'),
    answered: () => void told.push('answered'),
  })
  return { clock, source, told, settlements }
}

describe('Settlements', () => {
  test('one batch is in flight; what ends meanwhile travels in the next one', async () => {
    const { clock, source, told, settlements } = bench()
    settlements.ack(delivery(1))
    expect(settlements.isIdle).toBe(false)
    settlements.flush()
    settlements.ack(delivery(2))
    settlements.end({ delivery: delivery(3), verdict: RELEASE })
    settlements.flush()
    expect(source.settles.map(({ settled }) => settled)).toEqual([{ acks: [1], others: [] }])
    expect(settlements.size).toBe(3)
    source.settles[0]?.resolve([])
    await clock.settle()
    expect(source.settles[1]?.settled).toEqual({ acks: [2], others: [{ kind: 'release', token: 3 }] })
    source.settles[1]?.resolve([])
    await clock.settle()
    expect(told).toEqual(['settled 1', 'answered', 'settled 2,3', 'answered'])
    expect(settlements.size).toBe(0)
    expect(settlements.isIdle).toBe(true)
  })

  test('of a batch, stale ones are told, failed ones are kept until resume, the others are settled', async () => {
    const { clock, source, told, settlements } = bench()
    for (const id of [1, 2, 3]) settlements.ack(delivery(id))
    settlements.flush()
    source.settles[0]?.resolve([
      { token: 1, kind: 'stale' },
      { token: 2, kind: 'failed', error: new Error('later') },
    ])
    await clock.settle()
    expect(told).toEqual(['settled 3', 'stale 1', 'failed', 'answered'])
    settlements.flush()
    expect(source.settles).toHaveLength(1)
    settlements.resume()
    expect(source.settles[1]?.settled.acks).toEqual([2])
  })

  test('a rejected batch is kept whole', async () => {
    const { clock, source, told, settlements } = bench()
    settlements.ack(delivery(1))
    settlements.end({ delivery: delivery(2), verdict: RELEASE })
    settlements.flush()
    source.settles[0]?.reject(new Error('down'))
    await clock.settle()
    expect(settlements.pending().map(({ token }) => token)).toEqual([1, 2])
    expect(told).toEqual(['failed'])
    settlements.resume()
    expect(source.settles[1]?.settled).toEqual({ acks: [1], others: [{ kind: 'release', token: 2 }] })
  })

  test('what is abandoned comes in the order in which it ended, and late answers change nothing', async () => {
    const { clock, source, told, settlements } = bench()
    settlements.end({ delivery: delivery(1), verdict: RELEASE })
    expect(settlements.isIdle).toBe(false)
    settlements.flush()
    settlements.ack(delivery(1, { token: 9, attempt: 2 }))
    expect(settlements.size).toBe(2)
    expect(settlements.abandon()).toMatchObject([
      { delivery: { token: 1 }, verdict: RELEASE },
      { delivery: { token: 9 }, verdict: ACK },
    ])
    source.settles[0]?.resolve([])
    await clock.settle()
    settlements.flush()
    expect(told).toEqual([])
    expect(source.settles).toHaveLength(1)
  })

  test('one that is stale by itself is told, and not said to be settled', async () => {
    const { clock, source, told, settlements } = bench()
    settlements.ack(delivery(1))
    settlements.flush()
    source.settles[0]?.resolve([{ token: 1, kind: 'stale' }])
    await clock.settle()
    expect(told).toEqual(['settled ', 'stale 1', 'answered'])
  })

  test('what was never sent is abandoned too', () => {
    const { settlements } = bench()
    settlements.ack(delivery(1))
    expect(settlements.abandon()).toEqual([{ delivery: delivery(1), verdict: ACK }])
    expect([settlements.isIdle, settlements.abandon()]).toEqual([true, []])
  })

  test('it is idle when the last of all has been answered', async () => {
    const { clock, source, told, settlements } = bench()
    settlements.ack(delivery(1))
    settlements.flush()
    settlements.ack(delivery(2))
    settlements.becomesIdle().then(() => told.push('idle'))
    source.settles[0]?.resolve([])
    await clock.settle()
    expect(told).toEqual(['settled 1', 'answered'])
    source.settles[1]?.resolve([{ token: 2, kind: 'failed', error: new Error('later') }])
    await clock.settle()
    expect(told.slice(2)).toEqual(['settled ', 'failed', 'answered'])
    settlements.resume()
    source.settles[2]?.resolve([])
    await clock.settle()
    expect(told.slice(5)).toEqual(['settled 2', 'answered', 'idle'])
  })
})
