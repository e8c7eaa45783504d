import { expect, test } from 'vitest'
import { Sleeper, StandingDemand } from '../src/standing-demand.js'

const NEVER = Number.POSITIVE_INFINITY

/** Sleepers in the order of joining, and who was woken. */
function sleeping(names: readonly string[], wants = 1, until = NEVER) {
  const demand = new StandingDemand()
  const woken: string[] = []
  const sleepers = names.map(name => new Sleeper(() => woken.push(name)))
  for (const sleeper of sleepers) {
    demand.join(sleeper)
    demand.sleep(sleeper, wants, until)
  }
  return { demand, woken, sleepers: sleepers as [Sleeper, ...Sleeper[]] }
}

test('who leaves the turn leaves it to the next', () => {
  const { demand, woken, sleepers } = sleeping(['a', 'b', 'c'])
  for (const sleeper of sleepers) demand.sleep(sleeper, 1, 0)
  expect(demand.asleep).toBe(3)
  demand.wake(1)
  demand.leave(sleepers[0])
  demand.wake(1)
  expect(woken).toEqual(['a', 'b'])
  expect(demand.asleep).toBe(1)
})

test('who leaves before the turn has come to it does not hold it up', () => {
  const { demand, woken, sleepers } = sleeping(['a', 'b', 'c'])
  demand.wake(1)
  demand.leave(sleepers[2] as Sleeper)
  demand.leave(sleepers[2] as Sleeper)
  demand.wake(5)
  expect(woken).toEqual(['a', 'b'])
  expect(demand.asleep).toBe(0)
})

test('as many are woken as want what there is, each once, and in turn', () => {
  const { demand, woken, sleepers } = sleeping(['a', 'b', 'c'], 4)
  demand.wake(5)
  expect(woken).toEqual(['a', 'b'])
  demand.wake(1)
  demand.wake(1)
  expect(woken).toEqual(['a', 'b', 'c'])
  demand.sleep(sleepers[0], 1, NEVER)
  demand.sleep(sleepers[1] as Sleeper, 1, NEVER)
  demand.wake(1)
  expect(woken.at(-1)).toBe('a')
})

test('who wants nothing sleeps on, and does not count', () => {
  const { demand, woken, sleepers } = sleeping(['a', 'b'])
  demand.sleep(sleepers[0], 0, NEVER)
  expect(demand.asleep).toBe(1)
  demand.due(0)
  demand.wake(9)
  expect(woken).toEqual(['b'])
})

test('what is due wakes whoever would sleep longer, and nobody else', () => {
  const { demand, woken, sleepers } = sleeping(['a', 'b', 'c'])
  demand.sleep(sleepers[0], 1, 10)
  demand.sleep(sleepers[1] as Sleeper, 1, 11)
  demand.due(10)
  expect(woken).toEqual(['b', 'c'])
  demand.due(5)
  expect(woken).toEqual(['b', 'c', 'a'])
  demand.due(5)
  expect(woken).toHaveLength(3)
})
