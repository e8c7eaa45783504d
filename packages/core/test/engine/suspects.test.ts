import type { Delivery } from '@pluribus/core/driver'
import { VirtualClock } from '@pluribus/core/testing'
import { describe, expect, test } from 'vitest'
import type { SourceSession } from '../../src/engine/consuming/source-session.js'
import { Suspects } from '../../src/engine/consuming/suspects.js'
import { delivery, environmentOf } from './parts.js'

/** A session that holds one suspect, and answers marks when it is told to. */
function bench() {
  const clock = new VirtualClock()
  const suspect = delivery(1, { losses: 2, suspect: true })
  const marks: { resolve: () => void; reject: (error: unknown) => void }[] = []
  const aside = new Set<Delivery>()
  const intake = {
    suspect: suspect as Delivery | undefined,
    size: 0,
    putAside: () => {
      if (intake.suspect !== undefined) aside.add(intake.suspect)
      intake.suspect = undefined
    },
    takeAside: (each: Delivery) => aside.delete(each),
  }
  const settlements = { isIdle: true }
  const mark = () => new Promise<void>((resolve, reject) => marks.push({ resolve, reject }))
  const session = { intake, settlements, mark } as unknown as SourceSession
  const owner = { isStill: true, mayStart: true, started: 0, settled: [] as string[] }
  const suspects = new Suspects(environmentOf(clock), {
    mayStart: () => owner.mayStart,
    isStill: () => owner.isStill,
    startSuspect: () => void owner.started++,
    settle: (_, { kind }) => void owner.settled.push(kind),
    stir: () => {},
  })
  return { clock, suspect, marks, intake, settlements, session, owner, suspects, run: () => suspects.run(session) }
}

describe('Suspects', () => {
  test.each([
    ['a handler runs', 'running'],
    ['something has been fetched before it', 'fetched'],
    ['a settlement is under way', 'settling'],
  ] as const)('none is marked while %s', (_, what) => {
    const { run, marks, owner, intake, settlements } = bench()
    owner.isStill = what !== 'running'
    intake.size = what === 'fetched' ? 1 : 0
    settlements.isIdle = what !== 'settling'
    run()
    expect(marks).toHaveLength(0)
    Object.assign(owner, { isStill: true })
    Object.assign(intake, { size: 0 })
    Object.assign(settlements, { isIdle: true })
    run()
    expect(marks).toHaveLength(1)
  })

  test('one that is being marked is not marked twice, and runs once', async () => {
    const { clock, run, marks, owner, suspects } = bench()
    run()
    run()
    expect([marks.length, suspects.isBusy]).toEqual([1, true])
    marks[0]?.resolve()
    await clock.settle()
    expect([owner.started, suspects.isBusy]).toEqual([1, true])
    suspects.settled()
    expect(suspects.isBusy).toBe(false)
  })

  test('one that has come back to its run stays alone when what ran beside it ends', () => {
    const { owner, suspects } = bench()
    suspects.resumed()
    owner.isStill = false
    suspects.settled()
    expect(suspects.isBusy).toBe(true)
    owner.isStill = true
    suspects.settled()
    expect(suspects.isBusy).toBe(false)
  })

  test('what ends while one is being marked changes nothing', () => {
    const { run, suspects } = bench()
    run()
    suspects.settled()
    expect(suspects.isBusy).toBe(true)
  })

  test('one that cannot be marked is given back later each time; when its session ends, no more', async () => {
    const { clock, run, marks, owner, intake, suspect, suspects } = bench()
    const refuse = async () => {
      intake.suspect = suspect
      run()
      marks.at(-1)?.reject(new Error('no room'))
      await clock.settle()
    }
    await refuse()
    expect([intake.suspect, suspects.isBusy, owner.settled]).toEqual([undefined, false, []])
    await clock.advance(100)
    expect(owner.settled).toEqual(['release'])
    await refuse()
    await clock.advance(99)
    expect(owner.settled).toEqual(['release'])
    await clock.advance(101)
    expect(owner.settled).toEqual(['release', 'release'])
    await refuse()
    suspects.reset()
    expect(clock.pendingTimers).toBe(0)
  })

  test('one that is given back late leaves the suspect that is held by then', async () => {
    const { clock, run, marks, owner, intake } = bench()
    run()
    marks[0]?.reject(new Error('no room'))
    await clock.settle()
    const next = delivery(2, { losses: 2, suspect: true })
    intake.suspect = next
    await clock.advance(100)
    expect([owner.settled, intake.suspect]).toEqual([['release'], next])
  })

  test('once one has been marked, the next that cannot be is given back soon again', async () => {
    const { clock, run, marks, owner, intake, suspect, suspects } = bench()
    for (let refusals = 1; refusals <= 8; refusals++) {
      intake.suspect = suspect
      run()
      marks.at(-1)?.reject(new Error('no room'))
      await clock.advance(5_000)
    }
    intake.suspect = suspect
    run()
    marks.at(-1)?.resolve()
    await clock.settle()
    suspects.settled()
    intake.suspect = suspect
    run()
    marks.at(-1)?.reject(new Error('no room'))
    await clock.settle()
    const before = owner.settled.length
    await clock.advance(100)
    expect(owner.settled.length - before).toBe(1)
  })

  test.each([
    ['marked', true],
    ['not marked', false],
  ])('one that was taken away meanwhile is neither run nor settled when it is %s', async (_, isMarked) => {
    const { clock, run, marks, owner, intake, suspects } = bench()
    run()
    intake.suspect = undefined
    if (isMarked) marks[0]?.resolve()
    else marks[0]?.reject(new Error('gone'))
    await clock.advance(5_000)
    expect([owner.started, owner.settled, suspects.isBusy]).toEqual([0, [], false])
  })

  test.each([
    ['marked', true],
    ['not marked', false],
  ])('%s: an answer that comes when the session is over is not for the next suspect', async (_, isMarked) => {
    const { clock, run, marks, owner, intake, suspects } = bench()
    run()
    suspects.reset()
    intake.suspect = delivery(2, { losses: 2, suspect: true })
    run()
    if (isMarked) marks[0]?.resolve()
    else marks[0]?.reject(new Error('gone'))
    await clock.settle()
    expect([owner.started, suspects.isBusy, intake.suspect.token]).toEqual([0, true, 2])
    marks[1]?.resolve()
    await clock.settle()
    expect(owner.started).toBe(1)
  })

  test('one that has been lost too often while it was marked dies unrun', () => {
    const { run, marks, owner, intake, suspect } = bench()
    intake.suspect = { ...suspect, losses: 5, marks: 3 }
    run()
    expect([owner.settled, marks.length, intake.suspect]).toEqual([['reject'], 0, undefined])
  })

  test('one whose consumer may not start anything when it has been marked is given back', async () => {
    const { clock, run, marks, owner, intake } = bench()
    run()
    owner.mayStart = false
    marks[0]?.resolve()
    await clock.settle()
    expect([owner.started, owner.settled, intake.suspect]).toEqual([0, ['release'], undefined])
  })
})
