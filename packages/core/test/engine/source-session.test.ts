import type { Delivery, Token } from '@pluribus/core/driver'
import { VirtualClock } from '@pluribus/core/testing'
import { describe, expect, test } from 'vitest'
import { ACK, RELEASE } from '../../src/engine/consuming/policy.js'
import { SourceSession } from '../../src/engine/consuming/source-session.js'
import { delivery, environmentOf, ManualSource, watchdogOf } from './parts.js'

const LEASE = 30_000

/** A source whose renewals are answered when it is told to. */
class LeasedSource extends ManualSource {
  readonly renewals: { batch: readonly Delivery[]; answer: (lost: readonly Token[]) => void }[] = []

  renew(batch: readonly Delivery[]): Promise<readonly Token[]> {
    return new Promise(answer => this.renewals.push({ batch, answer }))
  }
}

function bench<S extends ManualSource>(source: S) {
  const clock = new VirtualClock()
  const told: string[] = []
  /** `adopts`: the tokens of what belongs to runs that go on. */
  const owner = { room: 4, running: [] as Delivery[], adopts: new Set<Token>(), whenLost: () => {} }
  const environment = environmentOf(clock)
  /** Milliseconds by which the process has slept: its timers do not know yet. */
  let slept = 0
  const { now, monotonic } = environment.clock
  const waking = { now, monotonic: () => monotonic.call(environment.clock) + slept }
  const sleep = (ms: number) => {
    slept += ms
  }
  const session = new SourceSession(source, LEASE, { ...environment, clock: waking }, watchdogOf(clock), {
    wanted: () => owner.room - session.intake.size,
    isAdopting: () => owner.adopts.size > 0,
    adopt: each => owner.adopts.has(each.token) && owner.running.push(each) > 0,
    running: () => owner.running,
    stir: () => {},
    settled: () => {},
    stale: () => {},
    lost: (isLost, buffered) => {
      const tokens = [...buffered, ...owner.running.filter(isLost)].map(({ token }) => token)
      told.push(`lost ${tokens}`)
      owner.whenLost()
    },
    over: () => void told.push('over'),
  })
  const events = SourceSession.events(
    () => session,
    () => void told.push('early'),
  )
  const pulled = async (...deliveries: Delivery[]) => {
    session.intake.refill()
    source.pulls.at(-1)?.resolve({ deliveries, more: true })
    await clock.settle()
  }
  return { clock, source, told, owner, session, events, pulled, sleep }
}

describe('SourceSession', () => {
  test('whoever slept through a lease, and hears first of what comes again, knows it for what he is still running', async () => {
    const { clock, source, told, owner, session, pulled, sleep } = bench(new LeasedSource())
    await pulled(delivery(1))
    session.intake.shift()
    owner.running.push(delivery(1))
    // The run goes on as one that was lost; the same message under another token belongs to it.
    owner.whenLost = () => void owner.adopts.add(2)
    session.intake.refill()
    sleep(LEASE + 1)
    source.pulls.at(-1)?.resolve({ deliveries: [delivery(1, { token: 2 })] })
    await clock.settle()
    expect(told).toEqual(['lost 1'])
    expect(session.intake.size).toBe(0)
    expect(owner.running.map(({ token }) => token)).toEqual([1, 2])
  })

  test('tells what is taken away, and that it is over; when it has been abandoned, nothing', async () => {
    const { clock, told, session, events, pulled } = bench(new LeasedSource())
    await pulled(delivery(1), delivery(2))
    events.lost([2])
    events.ended(new Error('gone'))
    expect(told).toEqual(['lost 2', 'over'])
    session.abandon()
    events.lost([1])
    events.ended(new Error('gone'))
    expect(told).toEqual(['lost 2', 'over'])
    // The watchdog's own, which its connection stops.
    expect([session.intake.held(), clock.pendingTimers]).toEqual([[], 1])
  })

  test('renews what is buffered, running or not settled yet; what a renewal finds lost is told', async () => {
    const { clock, source, told, owner, session, pulled } = bench(new LeasedSource())
    await pulled(delivery(1), delivery(2), delivery(3))
    owner.running.push(session.intake.shift() as Delivery)
    session.settle(session.intake.shift() as Delivery, ACK)
    await clock.advance(LEASE / 3)
    expect(source.renewals.map(({ batch }) => batch.map(({ token }) => token))).toEqual([[3, 1, 2]])
    source.renewals[0]?.answer([1])
    await clock.settle()
    expect(told).toEqual(['lost 1'])
  })

  test('a renewal that is answered when it has been abandoned takes nothing away', async () => {
    const { clock, source, told, session, pulled } = bench(new LeasedSource())
    await pulled(delivery(1))
    await clock.advance(LEASE / 3)
    session.abandon()
    source.renewals[0]?.answer([1])
    await clock.settle()
    expect(told).toEqual([])
  })

  test('what it handed out is its own for a lease; for no longer than until it ends where it has none, or was given back', async () => {
    const leased = bench(new LeasedSource())
    await leased.pulled(delivery(1))
    await leased.clock.advance(1_000)
    expect(leased.session.safeUntil).toBe(LEASE)
    leased.events.ended(new Error('gone'))
    expect(leased.session.safeUntil).toBe(1_000)
    const bound = bench(new ManualSource())
    await bound.pulled(delivery(1))
    await bound.clock.advance(100_000)
    bound.session.expire(100_000)
    expect([bound.session.safeUntil, bound.told, bound.clock.pendingTimers]).toEqual([100_000, [], 0])
  })

  test('what a pull brings after a lease is given back, but for what runs: that is lost', async () => {
    const { clock, source, told, owner, session } = bench(new LeasedSource())
    owner.adopts.add(2)
    session.intake.refill()
    await clock.advance(LEASE)
    source.pulls[0]?.resolve({ deliveries: [delivery(1), delivery(2)] })
    await clock.settle()
    expect(session.settlements.pending()).toEqual([delivery(1)])
    expect([session.intake.size, owner.running]).toEqual([0, [delivery(2)]])
    await clock.advance(1)
    expect(told).toEqual(['lost 2'])
  })

  test('what fails is tried again later each time, until something is settled; abandoned, it leaves no timer', async () => {
    const { clock, source, session } = bench(new ManualSource())
    const fail = async () => {
      source.pulls.at(-1)?.reject(new Error('down'))
      await clock.settle()
    }
    session.intake.refill()
    for (const longest of [100, 200, 400]) {
      const before = source.pulls.length
      await fail()
      await clock.advance(longest / 2 - 1)
      expect(source.pulls).toHaveLength(before)
      await clock.advance(longest / 2 + 1)
      expect(source.pulls).toHaveLength(before + 1)
    }
    session.settled([], [])
    const { length } = source.pulls
    await fail()
    await clock.advance(399)
    expect(source.pulls).toHaveLength(length)
    await clock.advance(401)
    session.settled([], [{ delivery: delivery(1), verdict: RELEASE }])
    await fail()
    await clock.advance(100)
    expect(source.pulls).toHaveLength(length + 2)
    await fail()
    const timers = clock.pendingTimers
    session.abandon()
    expect(clock.pendingTimers).toBe(timers - 1)
  })
})
