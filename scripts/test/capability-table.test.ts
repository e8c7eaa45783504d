import { readFileSync } from 'node:fs'
import { reportOf, Suite, type Target } from '@pluribus/conformance'
import { expect, test } from 'vitest'
import memory from '../../adapters/memory/conformance.js'
import simLog from '../../conformance-tests/targets/sim-log/conformance.js'
import { readmeTables, recordOf, recordText } from '../capability-table.js'

test('the tables of capabilities are what the records say', () => {
  for (const { path, now, wanted } of readmeTables()) {
    expect(now, `${path}: node scripts/capability-table.ts writes it`).toBe(wanted)
    expect(now).toMatch(/<!-- capabilities -->\n\| +\|/)
  }
})

const recorded: Readonly<Record<string, Target>> = { memory, 'sim-log': simLog }

for (const [name, target] of Object.entries(recorded)) {
  test(`the record of ${name} is what the suite shows today`, async () => {
    const suite = await Suite.prepare(target)
    const report = reportOf(suite, await suite.runAll(), new Date(0))
    const record = `npm run conformance -- --adapter ${name} --record`
    expect(readFileSync(recordOf(name), 'utf8'), `${record} writes it`).toBe(recordText(report))
  }, 120_000)
}
