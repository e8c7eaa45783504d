import { describe, expect, it } from 'vitest'
import { world } from '../publishing/kit.js'

describe('housekeeping', () => {
  it('calls maintain of each connection, of one at a time, and stops with the broker', async () => {
    const { broker, clock, adapter } = await world()
    await clock.advance(10)
    expect(adapter.calls('maintain')).toBe(1)
    adapter.cut()
    await clock.until(() => adapter.generation === 2)
    await clock.advance(10)
    expect(adapter.calls('maintain')).toBe(2)
    await clock.run(broker.close())
    await clock.advance(86_400_000)
    expect(adapter.calls('maintain')).toBe(2)
  })

  it('drops what was under way on a connection that is gone', async () => {
    const { clock, adapter, broker } = await world()
    const release = adapter.hold('maintain')
    await clock.advance(10)
    adapter.cut()
    await clock.until(() => adapter.generation === 2)
    release()
    adapter.heal()
    await clock.advance(60_000)
    const calls = adapter.calls('maintain')
    await clock.advance(600_000)
    const perMinute = (adapter.calls('maintain') - calls) / 10
    const other = await world()
    await other.clock.advance(600_000)
    expect(perMinute).toBeLessThanOrEqual(other.adapter.calls('maintain') / 10 + 1)
    await clock.run(broker.close())
  })

  it('tries again after a failure, and says so', async () => {
    const { clock, adapter, logger } = await world()
    adapter.failBefore('maintain', { times: 2 })
    await clock.advance(10 + 5_000 + 5_000)
    expect(adapter.calls('maintain')).toBe(3)
    expect(logger.messages('warn')).toHaveLength(2)
  })
})
