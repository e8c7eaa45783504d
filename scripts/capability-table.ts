/**
 * Puts tables of capabilities into READMEs, between `<!-- capabilities -->` and `<!-- /capabilities -->`, from what the
 * conformance suite has shown: the adapters' into the root's, the simulated log broker's into the suite's. What was shown stands in
 * `conformance.json` beside each target, which `npm run conformance -- --adapter <name> --record` writes.
 * `node scripts/capability-table.ts` writes the tables; the tests fail when it would.
 */
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { matrixOf, type Report, type Summary } from '@pluribus/conformance'
import { ROOT } from './published.ts'

const BLOCK = /(<!-- capabilities -->\n)[\s\S]*?(<!-- \/capabilities -->)/
/** Where targets are, and where their table stands. */
const TABLES = { adapters: 'README.md', 'conformance-tests/targets': 'conformance-tests/README.md' }
const FOLDERS = Object.keys(TABLES)

/** The targets there are: by name, the folder of each. */
export const targets: ReadonlyMap<string, string> = new Map(
  FOLDERS.flatMap(folder =>
    readdirSync(join(ROOT, folder)).map(name => [name, join(ROOT, folder, name)] as const),
  ).filter(([, folder]) => existsSync(join(folder, 'conformance.ts'))),
)

/** Where the results of a target are kept. */
export const recordOf = (target: string): string => join(targets.get(target) ?? '', 'conformance.json')

/** What of a report is kept: nothing that differs from one run to the next. */
const summaryOf = ({ format, target, capabilities, claims }: Report): Summary => ({
  format,
  target,
  capabilities,
  claims,
})

/** The text of a record. */
export const recordText = (report: Report): string => `${JSON.stringify(summaryOf(report), null, 2)}\n`

/** The READMEs as they are, and as they should be. */
export function readmeTables(): readonly { readonly path: string; readonly now: string; readonly wanted: string }[] {
  return Object.entries(TABLES).map(([folder, readme]) => {
    const names = readdirSync(join(ROOT, folder)).filter(name => targets.has(name) && existsSync(recordOf(name)))
    const table = matrixOf(names.map(name => JSON.parse(readFileSync(recordOf(name), 'utf8')) as Summary))
    const path = join(ROOT, readme)
    const now = readFileSync(path, 'utf8')
    const wanted = now.replace(BLOCK, (_, open: string, close: string) => `${open}${table}\n${close}`)
    return { path, now, wanted }
  })
}

/** Writes the tables. */
export function writeTables(): void {
  for (const { path, wanted } of readmeTables()) writeFileSync(path, wanted)
}

if (import.meta.main) writeTables()
