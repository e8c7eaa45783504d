import { readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { SABOTEURS, type Saboteur } from '@pluribus/conformance/saboteurs'

const TABLE = fileURLToPath(new URL('../SABOTEURS.md', import.meta.url))

/** What a row says of a saboteur before it is run. */
export const startOfRow = ({ name, of, breaks }: Saboteur): string => `| \`${name}\` | ${of} | ${breaks} |`

/** The rows of SABOTEURS.md, by the name of the adapter. */
export function storedRows(): ReadonlyMap<string, string> {
  const lines = readFileSync(TABLE, 'utf8').split('\n')
  return new Map(
    lines.flatMap(line => {
      const name = /^\| `([^`]+)` \|/.exec(line)?.[1]
      return name === undefined ? [] : [[name, line] as const]
    }),
  )
}

/** Writes SABOTEURS.md: whoever was not run keeps the row that it has, and has none if it is gone from the list. */
export function storeRows(run: ReadonlyMap<string, string>): void {
  const all = new Map([...storedRows(), ...run])
  const rows = SABOTEURS.flatMap(({ name }) => all.get(name) ?? [])
  const page = [
    '# Broken adapters, and what catches them',
    '',
    `${rows.length} adapters, each broken in one way, against every case; made by \`npm run saboteurs -- --write\`. The tests run each`,
    'against the case named for it alone, and hold its failure to the words that it must say.',
    '',
    '| adapter | of | what is wrong with it | caught by | and by |',
    '|---|---|---|---|---|',
    ...rows,
    '',
  ]
  writeFileSync(TABLE, page.join('\n'))
}
