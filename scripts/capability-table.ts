/**
 * Puts the table of capabilities into the root README, between `<!-- capabilities -->` and `<!-- /capabilities -->`, from what
 * the conformance suite has shown: `adapters/<name>/conformance.json`, which `npm run conformance -- --adapter <name> --record`
 * writes. `node scripts/capability-table.ts` writes the table; the tests fail when it would.
 */
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { matrixOf, type Report, type Summary } from '@pluribus/conformance'
import { ROOT } from './published.ts'

const README = join(ROOT, 'README.md')
const BLOCK = /(<!-- capabilities -->\n)[\s\S]*?(<!-- \/capabilities -->)/

/** Where an adapter's results are kept. */
export const recordOf = (adapter: string): string => join(ROOT, 'adapters', adapter, 'conformance.json')

/** What of a report is kept: nothing that differs from one run to the next. */
export const summaryOf = ({ format, target, capabilities, claims }: Report): Summary => ({
  format,
  target,
  capabilities,
  claims,
})

/** The text of a record. */
export const recordText = (report: Report): string => `${JSON.stringify(summaryOf(report), null, 2)}\n`

/** The README as it is, and as it should be. */
export function readmeTable(): { readonly now: string; readonly wanted: string } {
  const records = readdirSync(join(ROOT, 'adapters')).map(recordOf).filter(existsSync)
  const table = matrixOf(records.map(path => JSON.parse(readFileSync(path, 'utf8')) as Summary))
  const now = readFileSync(README, 'utf8')
  return { now, wanted: now.replace(BLOCK, (_, open: string, close: string) => `${open}${table}\n${close}`) }
}

if (import.meta.main) writeFileSync(README, readmeTable().wanted)
