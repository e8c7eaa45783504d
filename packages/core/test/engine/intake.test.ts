import type { Delivery, Pulled } from '@pluribus/core/driver'
import { VirtualClock } from '@pluribus/core/testing'
import { describe, expect, test } from 'vitest'
import { Intake } from '../../src/engine/consuming/intake.js'
import { delivery, environmentOf, ManualSource, watchdogOf } from './parts.js'

function bench(adopts: (each: Delivery) => boolean = () => false, transferred?: number) {
  const clock = new VirtualClock()
  const source: ManualSource = Object.assign(new ManualSource(), transferred === undefined ? {} : { transferred })
  const owner = { room: 4, isPatient: false, arrivals: 0, failures: 0, since: 0 }
  const intake = new Intake(source, environmentOf(clock), watchdogOf(clock), {
    wanted: (returning, isDue) => Math.max(returning, owner.isPatient && !isDue ? 0 : owner.room - intake.size),
    answered: () => {},
    isAdopting: () => true,
    adopt: adopts,
    arrived: since => {
      owner.arrivals++
      owner.since = since
    },
    failed: () => void owner.failures++,
  })
  const answer = async (deliveries: readonly Delivery[], more: Omit<Pulled, 'deliveries'> = {}) => {
    source.pulls.at(-1)?.resolve({ deliveries, ...more })
    await clock.settle()
  }
  return { clock, source, owner, intake, answer, asked: () => source.pulls.map(({ max }) => max) }
}

describe('Intake', () => {
  test('one pull at a time; a short one is the last until a wake-up', async () => {
    const { intake, answer, asked } = bench()
    intake.refill()
    intake.refill()
    expect(asked()).toEqual([4])
    await answer([delivery(1)])
    intake.refill()
    expect(asked()).toEqual([4])
    intake.wake()
    expect(asked()).toEqual([4, 3])
  })

  test('a wake-up during a pull may be for what the pull has missed', async () => {
    const { intake, answer, asked } = bench()
    intake.refill()
    intake.wake()
    expect(asked()).toEqual([4])
    await answer([])
    expect(asked()).toEqual([4, 4])
  })

  test('woken without room for what it had asked for, it takes back its demand, once', async () => {
    const { intake, owner, answer, asked } = bench()
    intake.refill()
    await answer([delivery(1)])
    owner.room = 0
    intake.wake()
    await answer([])
    intake.wake()
    expect(asked()).toEqual([4, 0])
    owner.room = 4
    intake.refill()
    expect(asked()).toEqual([4, 0, 3])
  })

  test('room that comes while it takes back its demand is used as soon as that is answered', async () => {
    const { intake, owner, answer, asked } = bench()
    intake.refill()
    await answer([])
    owner.room = 0
    intake.wake()
    owner.room = 3
    intake.refill()
    expect(asked()).toEqual([4, 0])
    await answer([])
    expect(asked()).toEqual([4, 0, 3])
  })

  test('leases are counted from before the pull where the source says so, and never from later', async () => {
    const { clock, intake, owner, answer } = bench()
    const seen: number[] = []
    for (const since of [undefined, 70, 2_000]) {
      await clock.advance(100)
      intake.refill()
      intake.wake()
      await clock.advance(10)
      await answer([delivery(1)], since === undefined ? {} : { since })
      seen.push(owner.since)
      intake.drop(() => true)
      await answer([])
    }
    expect(seen).toEqual([100, 70, 320])
  })

  test('what comes is settled before more is pulled: that is up to its owner', async () => {
    const { intake, owner, answer, asked } = bench()
    owner.room = 8
    intake.refill()
    await answer(
      [1, 2].map(id => delivery(id)),
      { more: true },
    )
    expect([asked(), owner.arrivals]).toEqual([[8], 1])
    await answer([])
    intake.refill()
    expect(asked()).toEqual([8, 6])
    await answer([], { more: true })
    expect([asked(), owner.arrivals]).toEqual([[8, 6, 6], 1])
  })

  test('woken with room for one, it asks for one, whether it had come short or not', async () => {
    const { intake, owner, answer, asked } = bench()
    owner.room = 1
    intake.refill()
    await answer([delivery(1)])
    owner.room = 2
    intake.wake()
    expect(asked()).toEqual([1, 1])
  })

  test('a source that took nothing over is asked for nothing where there is no room', () => {
    const { intake, owner, asked } = bench()
    owner.room = 0
    intake.refill()
    intake.wake()
    expect(asked()).toEqual([])
  })

  test('woken with little room, it takes that rather than take back its demand', async () => {
    const { intake, owner, answer, asked } = bench()
    intake.refill()
    await answer([delivery(1)])
    owner.isPatient = true
    intake.wake()
    await answer([delivery(2)])
    intake.refill()
    expect(asked()).toEqual([4, 3])
  })

  test('a pull that came short has left a demand, also where there was more: it is answered, or taken back', async () => {
    const { intake, owner, answer, asked } = bench()
    intake.refill()
    owner.isPatient = true
    await answer([delivery(1)], { more: true })
    intake.wake()
    await answer([], { more: true })
    owner.room = 1
    intake.wake()
    await answer([])
    intake.wake()
    expect(asked()).toEqual([4, 3, 0])
  })

  test('looks again when something becomes due, and from time to time when it knows of nothing', async () => {
    const { clock, intake, answer, asked } = bench()
    intake.refill()
    await answer([], { dueIn: 700 })
    await clock.advance(699)
    expect(asked()).toHaveLength(1)
    await clock.advance(1)
    expect(asked()).toHaveLength(2)
    await answer([])
    await clock.advance(14_999)
    expect(asked()).toHaveLength(2)
    await clock.advance(1)
    expect(asked()).toHaveLength(3)
  })

  test('a suspect is kept apart, and nothing is pulled until it is done with', async () => {
    const { intake, answer, asked } = bench()
    intake.refill()
    await answer([delivery(1, { suspect: true })], { more: true })
    intake.refill()
    expect(intake.size).toBe(0)
    expect(asked()).toEqual([4])
    intake.suspect = undefined
    intake.refill()
    expect(asked()).toEqual([4, 4])
  })

  test('what is taken away leaves a suspect that is not among it; stopped, it holds nothing', async () => {
    const { intake, answer } = bench()
    const [first, second] = [delivery(1, { suspect: true }), delivery(2, { suspect: true })]
    intake.refill()
    await answer([first], { more: true })
    intake.putAside()
    intake.refill()
    await answer([second], { more: true })
    expect(intake.drop(({ token }) => token === 3)).toEqual([])
    expect([intake.suspect, intake.aside, intake.held()]).toEqual([second, 1, [first, second]])
    expect(intake.drop(({ token }) => token === 1)).toEqual([first])
    expect([intake.takeAside(first), intake.held()]).toEqual([false, [second]])
    intake.putAside()
    intake.stop()
    expect([intake.aside, intake.held()]).toEqual([0, []])
  })

  test('what belongs to a run that goes on is adopted, not kept', async () => {
    const { intake, answer } = bench(each => each.token === 1)
    intake.refill()
    await answer([delivery(1), delivery(2)])
    expect(intake.held().map(({ token }) => token)).toEqual([2])
  })

  test('what came over from the source before is pulled whatever room there is, and then no more than that', async () => {
    const { intake, owner, answer, asked } = bench(() => false, 9)
    owner.room = 0
    intake.refill()
    await answer(
      [1, 2, 3].map(id => delivery(id)),
      { more: true },
    )
    intake.refill()
    await answer([4, 5, 6, 7, 8, 9].map(id => delivery(id)))
    intake.refill()
    expect(asked()).toEqual([9, 6])
  })

  test('what came over and has gone meanwhile is not asked for again', async () => {
    const { intake, owner, answer, asked } = bench(() => false, 9)
    owner.room = 0
    intake.refill()
    await answer([1, 2].map(id => delivery(id)))
    intake.wake()
    expect(asked()).toEqual([9, 0])
  })

  test('after a failure nothing is pulled until it is resumed, whatever wakes it', async () => {
    const { clock, source, owner, intake, asked } = bench()
    intake.refill()
    source.pulls[0]?.reject(new Error('down'))
    await clock.settle()
    intake.wake()
    intake.refill()
    expect(asked()).toHaveLength(1)
    expect(owner.failures).toBe(1)
    intake.resume()
    expect(asked()).toHaveLength(2)
  })

  test('stopped, it drops what comes late and leaves no timer', async () => {
    const { clock, intake, owner, answer } = bench()
    intake.refill()
    intake.stop()
    await answer([delivery(1)], { dueIn: 5 })
    expect([intake.size, owner.arrivals]).toEqual([0, 0])
    // The watchdog's own, which its connection stops.
    expect(clock.pendingTimers).toBe(1)
  })

  test('stopped, it tells nobody of a failure', async () => {
    const { clock, source, intake, owner } = bench()
    intake.refill()
    intake.stop()
    source.pulls[0]?.reject(new Error('down'))
    await clock.settle()
    expect(owner.failures).toBe(0)
  })

  test('drop takes out what is lost and leaves the order of the rest', async () => {
    const { intake, answer } = bench()
    intake.refill()
    await answer([1, 2, 3, 4].map(id => delivery(id)))
    intake.shift()
    expect(intake.drop(({ token }) => token === 3).map(({ token }) => token)).toEqual([3])
    expect([intake.shift()?.token, intake.shift()?.token, intake.shift()]).toEqual([2, 4, undefined])
    expect(intake.size).toBe(0)
  })
})
