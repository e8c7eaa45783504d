import type { Environment } from '@pluribus/core/driver'
import { describe, expect, test } from 'vitest'
import { Turn } from '../../src/engine/turn.js'

/** A clock that each unit of work moves, and immediates that run when told. */
function bench() {
  let now = 0
  const immediates: (() => void)[] = []
  const environment = {
    clock: { now: () => 1_000_000 + now, monotonic: () => now },
    timers: { setImmediate: (callback: () => void) => void immediates.push(callback) },
  } as unknown as Environment
  return {
    turn: new Turn(environment),
    work: (ms: number) => {
      now += ms
    },
    next: () => {
      for (const callback of immediates.splice(0)) callback()
    },
  }
}

/** How many units of so many milliseconds fit into each of two turns. */
function fitting(ms: number): readonly number[] {
  const { turn, work, next } = bench()
  return [1, 2].map(() => {
    let units = 0
    for (; turn.admit(); units++) work(ms)
    next()
    return units
  })
}

describe('Turn', () => {
  test('a turn is over after about 1 ms, and slow units are noticed soon', () => {
    for (const units of fitting(0.001)) expect(Math.abs(units - 1_000)).toBeLessThan(100)
    // The very first stride is not looked into; from the first slow one on, each unit is.
    expect(fitting(5)).toEqual([16, 1])
    expect(fitting(0.5)).toEqual([16, 2])
  })

  test('a turn that is over admits nothing more, however often it is asked', () => {
    const { turn, work, next } = bench()
    expect(turn.admit()).toBe(true)
    work(10)
    while (turn.admit());
    // Settlements that are answered, and pulls that return, ask again in microtasks of the same turn.
    for (let i = 0; i < 100; i++) expect(turn.admit()).toBe(false)
    expect(turn.admitPublishes(1)).toBe(true)
    expect(turn.admitPublishes(1)).toBe(false)
    next()
    expect(turn.admit()).toBe(true)
  })

  test('what is deferred runs in the next turn, which has its own budget', () => {
    const { turn, work, next } = bench()
    const done: string[] = []
    turn.defer(() => done.push('first'))
    work(10)
    while (turn.admit());
    next()
    expect(done).toEqual(['first'])
    expect(turn.admit()).toBe(true)
  })

  test('the time of a turn is that of the last look, and new in each turn', () => {
    const { turn, work, next } = bench()
    expect([turn.now, turn.wall]).toEqual([0, 1_000_000])
    work(3)
    expect(turn.now).toBe(0)
    next()
    expect([turn.now, turn.wall]).toEqual([3, 1_000_003])
  })

  test('1,024 publishes fit into a turn, and any first batch', () => {
    const { turn, next } = bench()
    expect(turn.admitPublishes(5_000)).toBe(true)
    expect(turn.admitPublishes(1)).toBe(false)
    next()
    expect([turn.admitPublishes(1_000), turn.admitPublishes(24), turn.admitPublishes(1)]).toEqual([true, true, false])
  })

  test('what was published in a turn may be handled in it, for up to 2 ms: a backlog would leave the cache', () => {
    const { turn, work, next } = bench()
    const handled = (published: number, unit: number) => {
      turn.admitPublishes(published)
      work(0.9)
      let units = 0
      for (; turn.admit(); units++) work(unit)
      next()
      return units
    }
    expect(handled(1_024, 0.001)).toBeGreaterThanOrEqual(1_024)
    expect(Math.abs(handled(1_024, 0.01) - 110)).toBeLessThan(20)
    expect(handled(32, 0.01)).toBeLessThan(64)
  })
})
