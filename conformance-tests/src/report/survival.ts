import { existsSync, readFileSync } from 'node:fs'
import { CASES } from '../cases/index.js'
import { satisfies } from '../claims/expression.js'
import type { Summary } from './matrix.js'

/**
 * A cell of a table of what survives what.
 *
 * @example
 * ```ts
 * import type { SurvivalCell } from '@pluribus/conformance'
 *
 * const isShown = ({ wrong }: SurvivalCell) => wrong.length === 0
 * ```
 */
export interface SurvivalCell {
  /** The first cell of its row: `a publish that has resolved`. */
  readonly thing: string
  /** What stands above it: `a process is killed`. */
  readonly mishap: string
  readonly text: string
  /** Why it is shown by nothing, or by something that there is not. Empty: it is shown, or says `–`, that there is nothing to say. */
  readonly wrong: readonly string[]
}

/**
 * The tables under `## Delivery` in an adapter's README, where what stands in a cell has to name what shows it: cases of the suite
 * (`CRS-04`), or files in the adapter's folder `test` (`kill.test.ts`). A case counts where what the adapter was recorded to claim
 * (`conformance.json`) makes the suite play it.
 *
 * @param folder The adapter's: `new URL('..', import.meta.url)` in one of its tests.
 * @returns The cells of each table, row by row.
 * @throws Error Where the folder has no `README.md`, or no `conformance.json`.
 *
 * @example
 * ```ts
 * import { survivalTables } from '@pluribus/conformance'
 *
 * const unshown = survivalTables(new URL('..', import.meta.url)).flat().filter(({ wrong }) => wrong.length > 0)
 * ```
 */
export function survivalTables(folder: URL): readonly (readonly SurvivalCell[])[] {
  const readme = readFileSync(new URL('README.md', folder), 'utf8')
  const { capabilities }: Summary = JSON.parse(readFileSync(new URL('conformance.json', folder), 'utf8'))
  const played = new Map(CASES.map(({ id, needs }) => [id, needs === undefined || satisfies(needs, capabilities)]))
  const wrongIn = (text: string): readonly string[] => {
    if (text === NOTHING) return []
    const ids = text.match(/\b[A-Z]{3}-\d\d\b/g) ?? []
    const files = text.match(/[\w.-]+\.test\.ts\b/g) ?? []
    if (ids.length + files.length === 0) return ['It names neither a case nor a test.']
    return [
      ...ids.filter(id => !played.has(id)).map(id => `There is no case ${id}.`),
      ...ids.filter(id => played.get(id) === false).map(id => `${id} is not played: that is not claimed.`),
      ...files.filter(file => !existsSync(new URL(`test/${file}`, folder))).map(file => `There is no ${file}.`),
    ]
  }
  return tablesIn(readme).map(([head = [], , ...rows]) =>
    rows.flatMap(([thing = '', ...texts]) =>
      // A row that is too short, or too long, says less or more than was asked.
      Array.from({ length: Math.max(head.length - 1, texts.length) }, (_, at) => {
        const text = texts[at] ?? ''
        return { thing, mishap: head[at + 1] ?? '', text, wrong: wrongIn(text) }
      }),
    ),
  )
}

/** What a cell says where there is nothing to say. */
const NOTHING = '–'

/** The rows of every table of the section, as cells. */
function tablesIn(readme: string): readonly (readonly (readonly string[])[])[] {
  const [, section = ''] = readme.split(/^## Delivery$/m)
  const [delivery = ''] = section.split(/^## /m)
  const blocks = delivery.split(/\n\n/).map(block => block.split('\n').filter(line => line.startsWith('|')))
  return blocks
    .filter(rows => rows.length > 0)
    .map(rows =>
      rows.map(row =>
        row
          .split('|')
          .slice(1, -1)
          .map(cell => cell.trim()),
      ),
    )
}
