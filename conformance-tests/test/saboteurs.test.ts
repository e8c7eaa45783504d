import { expect, test } from 'vitest'
import { bases } from '../scripts/bases.js'
import { startOfRow, storedRows } from '../scripts/saboteur-table.js'
import { CASES, Suite } from '../src/index.js'
import { SABOTEURS, saboteurTarget } from '../src/saboteurs.js'

test.each(SABOTEURS)('$name is caught by $caughtBy', async saboteur => {
  const { of, caughtBy, says } = saboteur
  const suite = await Suite.prepare(saboteurTarget(bases[of], saboteur), { only: [caughtBy] })
  const [result, ...others] = await suite.runAll()
  expect(others).toEqual([])
  expect(result?.verdict).toBe('failed')
  expect(result?.reason).toMatch(says)
})

test('names are unique, and every case named exists', () => {
  expect(new Set(SABOTEURS.map(({ name }) => name)).size).toBe(SABOTEURS.length)
  const ids = new Set(CASES.map(({ id }) => id))
  expect(SABOTEURS.filter(({ caughtBy }) => !ids.has(caughtBy))).toEqual([])
})

test('the table has a row of each, which says what it is and what has caught it: npm run saboteurs -- --write <names>', () => {
  const rows = storedRows()
  expect([...rows.keys()]).toEqual(SABOTEURS.map(({ name }) => name))
  const starts = SABOTEURS.map(saboteur => `${startOfRow(saboteur)} ${saboteur.caughtBy} |`)
  expect(SABOTEURS.flatMap(({ name }, index) => (rows.get(name)?.startsWith(starts[index] ?? '') ? [] : name))).toEqual(
    [],
  )
})
