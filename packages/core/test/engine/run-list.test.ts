import { VirtualClock } from '@pluribus/core/testing'
import { describe, expect, test } from 'vitest'
import { RunList } from '../../src/engine/consuming/run-list.js'
import { delivery, environmentOf, runOf } from './parts.js'

describe('RunList', () => {
  test('one timer for all; each is overdue at its own time', async () => {
    const clock = new VirtualClock()
    const overdue: string[] = []
    const list = new RunList(environmentOf(clock), 1_000, run => overdue.push(`${run.stored.id}@${clock.monotonic()}`))
    const runs = [1, 2, 3, 4].map(id => runOf(delivery(id)))
    for (const run of runs) {
      list.add(run)
      list.date(clock.monotonic())
      await clock.advance(100)
    }
    expect(clock.pendingTimers).toBe(1)
    if (runs[1]) list.remove(runs[1])
    await clock.advance(10_000)
    expect(overdue).toEqual(['1@1000', '3@1200', '4@1300'])
    expect([list.size, clock.pendingTimers]).toEqual([0, 0])
  })

  test('runs may leave from anywhere, also while it is walked', () => {
    const clock = new VirtualClock()
    const list = new RunList(environmentOf(clock), 1_000, () => {})
    const runs = [1, 2, 3, 4, 5].map(id => runOf(delivery(id)))
    for (const run of runs) list.add(run)
    list.date(0)
    const seen: string[] = []
    for (const run of list) {
      seen.push(run.stored.id)
      list.remove(run)
    }
    expect(seen).toEqual(['1', '2', '3', '4', '5'])
    expect([...list]).toEqual([])
    list.stop()
    expect(clock.pendingTimers).toBe(0)
  })

  test('one that starts another when it is overdue', async () => {
    const clock = new VirtualClock()
    const overdue: number[] = []
    const list: RunList = new RunList(environmentOf(clock), 1_000, run => {
      overdue.push(clock.monotonic())
      if (overdue.length < 3) list.add(run)
      list.date(clock.monotonic())
    })
    list.add(runOf(delivery(1)))
    list.date(0)
    await clock.advance(10_000)
    expect(overdue).toEqual([1_000, 2_000, 3_000])
  })
})
