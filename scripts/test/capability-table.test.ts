import { readFileSync } from 'node:fs'
import { reportOf, Suite } from '@pluribus/conformance'
import { expect, test } from 'vitest'
import memory from '../../adapters/memory/conformance.js'
import { readmeTable, recordOf, recordText } from '../capability-table.js'

const RECORD = 'npm run conformance -- --adapter memory --record'

test("the README's table of capabilities is what the records say", () => {
  const { now, wanted } = readmeTable()
  expect(now, 'node scripts/capability-table.ts writes it').toBe(wanted)
})

test('the record of the memory adapter is what the suite shows today', async () => {
  const suite = await Suite.prepare(memory)
  const report = reportOf(suite, await suite.runAll(), new Date(0))
  expect(readFileSync(recordOf('memory'), 'utf8'), `${RECORD} writes it`).toBe(recordText(report))
})
