import { VirtualClock } from '@pluribus/core/testing'
import { expect, test } from 'vitest'
import { MortalTimers } from '../../src/testing/mortal-timers.js'

test('the dead run nothing, neither what they had set nor what they set, and leave nothing behind', async () => {
  const clock = new VirtualClock()
  const timers = new MortalTimers(clock.timers)
  const ran: string[] = []
  timers.setTimeout(() => ran.push('before'), 10)
  timers.clearTimeout(timers.setTimeout(() => ran.push('cleared'), 10))
  timers.setImmediate(() => ran.push('at once'))
  timers.clearImmediate(timers.setImmediate(() => ran.push('cleared at once')))
  await clock.advance(20)
  timers.setTimeout(() => ran.push('due later'), 10)
  timers.setImmediate(() => ran.push('soon'))
  timers.die()
  expect(clock.pendingTimers).toBe(0)
  timers.setTimeout(() => ran.push('set by the dead'), 10)
  timers.setImmediate(() => ran.push('asked by the dead'))
  await clock.advance(20)
  timers.revive()
  timers.setTimeout(() => ran.push('after'), 10)
  await clock.advance(20)
  expect(ran).toEqual(['at once', 'before', 'after'])
})
