import { describe, expect, test } from 'vitest'
import { LEAST_WITH_WORK } from '../../campaign/limits.ts'
import { play, verdicts } from './play.ts'
import briefFile from './targets/brief-file.ts'

const BLOWS = 10
/** Milliseconds: over before a leader that fell silent is replaced; a longer one is not waited for (README, "What was handed out"). */
const LEASE = 1_500

// Both wait most of the time: beside each other they need little more.
describe.concurrent('a short campaign on file', () => {
  test.each([
    [`${2 * BLOWS} kills`, ['kill-all-1', 'kill-consumer-1']],
    [`${2 * BLOWS} elections`, ['kill-leader-1', 'freeze-leader-1']],
  ])('%s', { timeout: 600_000 }, async (_, outages) => {
    const results = await play(briefFile, outages, { blows: BLOWS, lease: LEASE, load: { rate: 40 }, slow: 10 })
    expect(verdicts(results)).toEqual(outages.map(id => `${id} passed`))
    const blows = results.flatMap(({ figures }) => figures)
    expect(blows).toHaveLength(2 * BLOWS)
    const withWork = blows.filter(({ held }) => held > 0)
    expect(withWork.length).toBeGreaterThanOrEqual(LEAST_WITH_WORK * blows.length)
  })
})
