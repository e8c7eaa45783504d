import { expect, test } from 'vitest'
import { CASES } from '../src/cases/index.js'
import { EXCLUDED } from '../src/catalogue/excluded.js'
import { catalogueIds, GROUPS } from '../src/catalogue/groups.js'
import { OPEN } from '../src/catalogue/open.js'

const excluded = EXCLUDED.flatMap(({ ids }) => ids)
const open = Object.entries(OPEN).flatMap(([group, numbers]) =>
  numbers.map(number => `${group}-${String(number).padStart(2, '0')}`),
)
const written = CASES.map(({ id }) => id)

test('every id of the catalogue has a case, or a reason to have none, or is open: one of these', () => {
  const catalogue = catalogueIds()
  expect(catalogue.length).toBe(484)
  const accounted = [...written.filter(id => catalogue.includes(id)), ...excluded, ...open]
  expect(accounted.toSorted()).toEqual(catalogue.toSorted())
})

test('every case belongs to a group, under an id that is used once', () => {
  expect(new Set(written).size).toBe(written.length)
  const groups = [...Object.keys(GROUPS), 'REF']
  expect(written.filter(id => !groups.includes(id.slice(0, id.indexOf('-'))))).toEqual([])
})

test('every reason is a sentence', () => {
  expect(EXCLUDED.filter(({ reason }) => reason.length < 20)).toEqual([])
})
