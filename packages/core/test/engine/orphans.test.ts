import { VirtualClock } from '@pluribus/core/testing'
import { describe, expect, test } from 'vitest'
import { OrphanKeeper } from '../../src/engine/consuming/orphan-keeper.js'
import { Orphans } from '../../src/engine/consuming/orphans.js'
import { ACK, RELEASE, type Verdict } from '../../src/engine/consuming/policy.js'
import type { Run } from '../../src/engine/consuming/run.js'
import { delivery, environmentOf, runOf } from './parts.js'

const DEAD: Verdict = { kind: 'reject', reason: 'NO', attempts: 1, errors: [] }

describe('Orphans', () => {
  test.each([
    ['the same delivery', ACK, {}, {}, true],
    ['a later attempt', ACK, {}, { attempt: 2 }, false],
    ['one that others have lost meanwhile', ACK, {}, { losses: 1 }, false],
    ['a death on the first attempt, which may have been redriven', DEAD, {}, {}, false],
    ['a death on a later attempt', DEAD, { attempt: 3 }, { attempt: 3 }, true],
    ['a death after losses', DEAD, { losses: 5 }, { losses: 5 }, true],
  ] as const)('a verdict and %s', (_, verdict, then, now, isClaimed) => {
    const orphans = new Orphans()
    orphans.add(delivery(1, then), { verdict }, 0)
    const claimed = orphans.claim(delivery(1, { ...now, token: 2 }))
    expect(claimed).toEqual(isClaimed ? { verdict } : undefined)
    expect(orphans.isEmpty).toBe(true)
  })

  test('another message that has got the same id is another message', () => {
    const orphans = new Orphans()
    const first = delivery(1)
    orphans.add(first, { verdict: ACK }, 0)
    expect(orphans.claim({ ...first, message: { ...first.message, time: 1 } })).toBeUndefined()
  })

  test('a run that goes on is claimed whatever the attempt; once it has ended, its verdict is', () => {
    const orphans = new Orphans()
    const first = delivery(1)
    const run = runOf(first)
    orphans.add(first, { run }, 0)
    expect(orphans.claim(delivery(1, { attempt: 2 }))).toEqual({ run })
    orphans.add(first, { run }, 0)
    orphans.ended(first, RELEASE)
    expect(orphans.claim(delivery(1))).toEqual({ verdict: RELEASE })
  })
})

test('a connection that flaps for days does not fill the memory: the oldest verdicts go, runs stay', () => {
  const orphans = new Orphans()
  const run = runOf(delivery(0))
  orphans.add(delivery(0), { run }, 0)
  for (let id = 1; id <= 40_000; id++) orphans.add(delivery(id), { verdict: ACK }, 0)
  expect(orphans.claim(delivery(0))).toEqual({ run })
  expect(orphans.claim(delivery(1))).toBeUndefined()
  expect(orphans.claim(delivery(2))).toEqual({ verdict: ACK })
  expect(orphans.claim(delivery(40_000))).toEqual({ verdict: ACK })
})

describe('OrphanKeeper', () => {
  function bench() {
    const clock = new VirtualClock()
    const ended: number[] = []
    const keeper = new OrphanKeeper(environmentOf(clock), 30_000, () => ended.push(clock.monotonic()))
    const orphan = (): Run => {
      const run = runOf(delivery(1))
      run.tie = 'orphaned'
      return run
    }
    return { clock, ended, keeper, orphan }
  }

  test('with no source to come back to, a run is told when its lease ends', async () => {
    const { clock, ended, keeper, orphan } = bench()
    keeper.down()
    keeper.addRun(orphan(), 20_000)
    await clock.advance(100_000)
    expect(ended).toEqual([20_000])
  })

  test('with a source, it is told a sixth of a lease later', async () => {
    const { clock, ended, keeper, orphan } = bench()
    keeper.down()
    keeper.addRun(orphan(), 20_000)
    await clock.advance(1_000)
    keeper.up()
    await clock.advance(100_000)
    expect(ended).toEqual([25_000])
  })

  test('given back, it is told a sixth of a lease after its source ended', async () => {
    const { clock, ended, keeper, orphan } = bench()
    keeper.down()
    keeper.addRun(orphan(), 0)
    await clock.advance(100_000)
    expect(ended).toEqual([5_000])
  })

  test('verdicts are kept for the length of an outage, and a lease more', async () => {
    const { clock, keeper } = bench()
    keeper.down()
    keeper.addVerdict(delivery(1), ACK, 10_000)
    await clock.advance(3_600_000)
    expect(keeper.isEmpty).toBe(false)
    keeper.up()
    await clock.advance(29_000)
    expect(keeper.isEmpty).toBe(false)
    await clock.advance(60_000)
    expect(keeper.isEmpty).toBe(true)
    expect(clock.pendingTimers).toBe(0)
  })
})
