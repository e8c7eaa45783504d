import { expect, test } from 'vitest'
import { type Crash, crashEverywhere } from './simulation/crash-points.js'
import { traces } from './simulation/traces.js'

const process: Crash = { after: 'process' }
const power: readonly Crash[] = [1, 2, 3, 4, 5, 6].map(seed => ({ after: 'power', seed }))
const names = traces().map(({ name }) => name)

test.each(names)(
  '%s: whichever call is the last, also of recovery, nothing is lost',
  async name => {
    const crashes = await crashEverywhere(name, [process, ...power], [process, ...power.slice(0, 1)])
    expect(crashes).toBeGreaterThan(500)
  },
  300_000,
)
