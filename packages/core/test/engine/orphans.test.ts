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
    ['a death on a later attempt', DEAD, { attempt: 2 }, { attempt: 2 }, true],
    ['a death after a loss', DEAD, { losses: 1 }, { losses: 1 }, true],
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
    expect(orphans.claim({ ...first, token: 2 })).toEqual({ verdict: ACK })
  })

  test.each([
    ['time', { time: 1 }],
    ['payload', { payload: '1' }],
    ['payload, in bytes', { payload: new Uint8Array([1, 2]) }],
    ['key', { key: '' }],
    ['headers', { headers: { same: '1', more: '2' } }],
    ['header', { headers: { same: '2' } }],
  ] as const)('a run is not claimed by a message that has its id and another %s', (_, other) => {
    const orphans = new Orphans()
    const isBytes = 'payload' in other && typeof other.payload === 'object'
    const payload = () => (isBytes ? new Uint8Array([1, 3]) : 'null')
    const first = delivery(1)
    const [mine, copy] = [
      { ...first.message, payload: payload(), headers: { same: '1' } },
      { ...first.message, payload: payload(), headers: { same: '1' } },
    ]
    const run = runOf(first)
    orphans.add({ ...first, message: mine }, { run }, 0)
    expect(orphans.claim({ ...first, message: { ...copy, ...other }, token: 2 })).toBeUndefined()
    expect(orphans.claim({ ...first, message: copy, token: 3 })).toEqual({ run })
    expect(orphans.isEmpty).toBe(true)
  })

  test('of two copies of one message each orphan is claimed once, that of the same attempt first', () => {
    const orphans = new Orphans()
    const [first, second] = [delivery(1, { attempt: 4 }), delivery(1, { token: 2 })]
    const [one, two] = [runOf(first), runOf(second)]
    orphans.add(first, { run: one }, 0)
    orphans.add(second, { run: two }, 0)
    expect(orphans.claim(delivery(1, { token: 3 }))).toEqual({ run: two })
    expect(orphans.claim(delivery(1, { token: 4 }))).toEqual({ run: one })
    expect(orphans.claim(delivery(1, { token: 5 }))).toBeUndefined()
    expect(orphans.isEmpty).toBe(true)
  })

  test('a text is not taken for bytes of its length', () => {
    const orphans = new Orphans()
    const text = delivery(1)
    const bytes = { ...text, message: { ...text.message, payload: new Uint8Array(text.message.payload.length) } }
    orphans.add(text, { verdict: ACK }, 0)
    expect(orphans.claim(bytes)).toBeUndefined()
    expect(orphans.claim(text)).toEqual({ verdict: ACK })
  })

  test('of two copies that have ended each verdict is claimed once', () => {
    const orphans = new Orphans()
    orphans.add(delivery(1), { verdict: ACK }, 0)
    orphans.add(delivery(1, { token: 2 }), { verdict: RELEASE }, 0)
    const claimed = [3, 4, 5].map(token => orphans.claim(delivery(1, { token })))
    expect(claimed).toEqual([{ verdict: ACK }, { verdict: RELEASE }, undefined])
  })

  test('of two copies that run, the end of one is the end of that one', () => {
    const orphans = new Orphans()
    const [first, second] = [delivery(1), delivery(1, { token: 2, attempt: 2 })]
    const run = runOf(second)
    orphans.add(first, { run: runOf(first) }, 0)
    orphans.add(second, { run }, 0)
    orphans.ended(first, ACK)
    expect(orphans.claim(delivery(1, { token: 3, attempt: 2 }))).toEqual({ run })
  })

  test('of two copies that run, the one that is forgotten leaves the other', () => {
    const orphans = new Orphans()
    const [first, second] = [delivery(1), delivery(1, { token: 2, attempt: 2 })]
    const run = runOf(second)
    orphans.add(first, { run: runOf(first) }, 0)
    orphans.add(second, { run }, 0)
    orphans.forget(first)
    expect(orphans.claim(delivery(1, { token: 3, attempt: 2 }))).toEqual({ run })
    expect(orphans.isEmpty).toBe(true)
  })

  test('purged are verdicts on leases that have ended, not runs', () => {
    const orphans = new Orphans()
    const run = runOf(delivery(1))
    orphans.add(delivery(1), { run }, 10)
    for (const id of [2, 3, 4]) orphans.add(delivery(id), { verdict: ACK }, 7 + id)
    orphans.purge(10)
    const left = [1, 2, 3, 4].map(id => orphans.claim(delivery(id)))
    expect(left).toEqual([{ run }, undefined, undefined, { verdict: ACK }])
  })

  test('a verdict that a later attempt has overtaken is forgotten', () => {
    const orphans = new Orphans()
    const retried: Verdict = { kind: 'retry', delay: 1, error: { name: 'E', message: 'm', attempt: 1, time: 0 } }
    orphans.add(delivery(1), { verdict: retried }, 0)
    orphans.add(delivery(1, { attempt: 2 }), { verdict: ACK }, 0)
    expect(orphans.claim(delivery(1, { attempt: 2 }))).toEqual({ verdict: ACK })
    expect(orphans.isEmpty).toBe(true)
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

  test('with a source that goes as well, it is told when its lease ends, whenever that was looked at', async () => {
    const { clock, ended, keeper, orphan } = bench()
    keeper.down()
    keeper.addRun(orphan(), 5_000)
    keeper.addRun(orphan(), 20_000)
    await clock.advance(1_000)
    keeper.up()
    await clock.advance(11_000)
    expect(ended).toEqual([10_000])
    keeper.down()
    await clock.advance(100_000)
    expect(ended).toEqual([10_000, 20_000])
  })

  test('given back, it is told a sixth of a lease after its source ended', async () => {
    const { clock, ended, keeper, orphan } = bench()
    keeper.down()
    keeper.addRun(orphan(), 0)
    await clock.advance(100_000)
    expect(ended).toEqual([5_000])
  })

  test('a run that was claimed is told nothing, and neither is anybody when it has been stopped', async () => {
    const { clock, ended, keeper, orphan } = bench()
    const run = orphan()
    keeper.down()
    keeper.addRun(run, 20_000)
    expect(keeper.claim(delivery(2))).toBeUndefined()
    expect(keeper.claim(delivery(1))).toEqual({ run })
    keeper.addVerdict(delivery(1), ACK, 20_000)
    expect(keeper.claim(delivery(1))).toEqual({ verdict: ACK })
    await clock.advance(100_000)
    expect([ended, clock.pendingTimers]).toEqual([[], 0])
    keeper.addRun(orphan(), 200_000)
    expect(clock.pendingTimers).toBe(1)
    keeper.stop()
    keeper.stop()
    expect(clock.pendingTimers).toBe(0)
  })

  test('a run that has ended leaves its verdict, one that is forgotten nothing', () => {
    const { keeper, orphan } = bench()
    const [first, second] = [orphan(), orphan()]
    for (const run of [first, second]) keeper.addRun(run, 20_000)
    keeper.ended(first.delivery, RELEASE)
    keeper.forget(second.delivery)
    expect(keeper.claim(delivery(1))).toEqual({ verdict: RELEASE })
    expect(keeper.isEmpty).toBe(true)
    keeper.stop()
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
