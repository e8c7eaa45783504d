import { describe, expect, test } from 'vitest'
import real from '../../../examples/sqlite-adapter/conformance-real.ts'
import { play, verdicts } from './play.ts'
import loses from './targets/loses.ts'
import repeats from './targets/repeats.ts'

describe('a campaign', () => {
  test('on an adapter that keeps its word passes, and says what needs more than there is', async () => {
    const results = await play(real, ['kill-consumer-1', 'freeze-consumer-1', 'kill-broker-1', 'cut-1'])
    expect(verdicts(results)).toEqual([
      'kill-consumer-1 passed',
      'freeze-consumer-1 passed',
      'kill-broker-1 blocked: needs a broker process of its own (hooks.broker)',
      'cut-1 blocked: needs a proxy between client and broker (hooks.address)',
    ])
    const figures = results.flatMap(result => result.figures)
    expect(figures).toHaveLength(2)
    for (const { held, stored, missing } of figures) {
      expect(held).toBeGreaterThan(0)
      expect(stored).toBeGreaterThan(60)
      expect(missing).toEqual([])
    }
  }, 120_000)

  test('catches an adapter that loses what was acknowledged', async () => {
    // What is lost is waited for: in vain, so not for long.
    const impatient = { ...loses, timing: { ...loses.timing, recover: 2_000 } }
    const [found] = await play(impatient, ['kill-consumer-1'])
    expect(found?.result.verdict).toBe('failed')
    expect(found?.result.reason).toMatch(/messages in flight were not seen again/)
    expect(found?.result.reason).toMatch(/\[lost\] .* was stored, and is lost/)
  }, 120_000)

  test('catches an adapter that hands out what was acked', async () => {
    const [found] = await play(repeats, ['kill-consumer-1'])
    expect(found?.result.verdict).toBe('failed')
    expect(found?.result.reason).toMatch(/\[duplicated\] .* was handed out again after it had been acked/)
  }, 120_000)
})
