import { VirtualClock } from '@pluribus/core/testing'
import { describe, expect, test } from 'vitest'
import { LeaseKeeper } from '../../src/engine/consuming/lease-keeper.js'
import { environmentOf } from './parts.js'

function bench() {
  const clock = new VirtualClock()
  const holder = { isHolding: true, renewals: [] as number[], expirations: [] as number[], fails: false, takes: 0 }
  const keeper = new LeaseKeeper(environmentOf(clock), 30_000, {
    isHolding: () => holder.isHolding,
    renew: async () => {
      holder.renewals.push(clock.monotonic())
      if (holder.takes > 0) await clock.sleep(holder.takes)
      if (holder.fails) throw new Error('down')
    },
    expired: () => void holder.expirations.push(clock.monotonic()),
  })
  return { clock, holder, keeper }
}

describe('LeaseKeeper', () => {
  test('renews at a third for as long as something is held, and then has no timer', async () => {
    const { clock, holder, keeper } = bench()
    keeper.got(0)
    await clock.advance(35_000)
    expect(holder.renewals).toEqual([10_000, 20_000, 30_000])
    expect(keeper.safeUntil).toBe(60_000)
    holder.isHolding = false
    await clock.advance(10_000)
    expect(clock.pendingTimers).toBe(0)
  })

  test('counts from before the call that got or renewed', async () => {
    const { clock, holder, keeper } = bench()
    await clock.advance(4_000)
    keeper.got(1_000)
    holder.takes = 7_000
    await clock.advance(11_000)
    expect(keeper.safeUntil).toBe(31_000)
    await clock.advance(6_000)
    expect(keeper.safeUntil).toBe(44_000)
  })

  test('where no renewal succeeds, it says so exactly when the lease ends, never later', async () => {
    const { clock, holder, keeper } = bench()
    holder.fails = true
    await clock.advance(4_000)
    keeper.got(0)
    await clock.advance(100_000)
    expect(holder.expirations).toEqual([30_000])
    expect(clock.pendingTimers).toBe(0)
  })

  test('counts from the oldest delivery, and whoever asks late is answered as if the timer had been in time', async () => {
    const { clock, holder, keeper } = bench()
    keeper.expire(1_000_000)
    expect(holder.expirations).toEqual([])
    await clock.advance(1_000)
    keeper.got(0)
    keeper.got(1_000)
    expect([keeper.safeUntil, clock.pendingTimers]).toEqual([30_000, 1])
    keeper.expire(29_999)
    expect([holder.expirations, clock.pendingTimers]).toEqual([[], 1])
    keeper.expire(30_000)
    expect([holder.expirations, clock.pendingTimers]).toEqual([[1_000], 0])
    keeper.expire(30_001)
    expect(holder.expirations).toHaveLength(1)
  })

  test('what comes later and is leased for longer makes everything end sooner', async () => {
    const { clock, holder, keeper } = bench()
    holder.fails = true
    await clock.advance(5_000)
    keeper.got(5_000)
    keeper.got(2_000)
    expect([keeper.safeUntil, clock.pendingTimers]).toEqual([32_000, 1])
    await clock.advance(60_000)
    expect(holder.expirations).toEqual([32_000])
  })

  test('a renewal says nothing of what has come since it began', async () => {
    const { clock, holder, keeper } = bench()
    keeper.got(0)
    holder.takes = 4_000
    await clock.advance(12_000)
    keeper.got(9_000)
    await clock.advance(2_000)
    expect(keeper.safeUntil).toBe(39_000)
    await clock.advance(10_000)
    expect(keeper.safeUntil).toBe(50_000)
  })

  test("what a call has brought is nobody's for sure when a lease has passed since it began", async () => {
    const { clock, keeper } = bench()
    await clock.advance(31_000)
    expect([keeper.isOver(1_000), keeper.isOver(1_001)]).toEqual([true, false])
  })

  test('stopped, it has no timer; a failed renewal is tried again at a third', async () => {
    const { clock, holder, keeper } = bench()
    keeper.got(0)
    holder.fails = true
    await clock.advance(10_000)
    holder.fails = false
    await clock.advance(10_000)
    expect([holder.renewals, keeper.safeUntil]).toEqual([[10_000, 20_000], 50_000])
    keeper.stop()
    expect(clock.pendingTimers).toBe(0)
    keeper.stop()
  })
})
