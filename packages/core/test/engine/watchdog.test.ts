import type { PluribusError } from '@pluribus/core'
import { VirtualClock } from '@pluribus/core/testing'
import { describe, expect, test } from 'vitest'
import { Watchdog } from '../../src/engine/connection/watchdog.js'
import { environmentOf } from './parts.js'

function bench() {
  const clock = new VirtualClock()
  const silences: string[] = []
  const note = (error: PluribusError) => void silences.push(`${error.details.call}@${clock.monotonic()}`)
  return { clock, silences, watchdog: new Watchdog(environmentOf(clock), 10_000, note) }
}
const never = new Promise<never>(() => {})

describe('Watchdog', () => {
  test('says once which call has not been answered in time, exactly then', async () => {
    const { clock, silences, watchdog } = bench()
    void watchdog.watch('pull', clock.sleep(9_000))
    await clock.advance(2_000)
    void watchdog.watch('settle', never)
    void watchdog.watch('renew', never)
    await clock.advance(60_000)
    expect(silences).toEqual(['settle@12000'])
  })

  test('is content with rejections, and hands the promise back as it is', async () => {
    const { clock, silences, watchdog } = bench()
    const failing = Promise.reject(new Error('no'))
    expect(watchdog.watch('pull', failing)).toBe(failing)
    await expect(failing).rejects.toThrow('no')
    await clock.advance(60_000)
    expect(silences).toEqual([])
    expect(clock.pendingTimers).toBe(0)
  })

  test('stopped, it watches nothing any more', async () => {
    const { clock, silences, watchdog } = bench()
    void watchdog.watch('pull', never)
    watchdog.stop()
    void watchdog.watch('settle', never)
    expect(clock.pendingTimers).toBe(0)
    await clock.advance(60_000)
    expect(silences).toEqual([])
  })
})
