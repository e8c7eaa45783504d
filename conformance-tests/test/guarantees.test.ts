import { expect, test } from 'vitest'
import { GUARANTEES } from '../src/case/guarantee.js'
import { CASES } from '../src/cases/index.js'

const named = new Set<number>(CASES.flatMap(({ guarantees = [] }) => guarantees))

test.each(Object.entries(GUARANTEES))('guarantee %s has a case: %s', number => {
  expect(named).toContain(Number(number))
})

test('there are seventeen of them', () => {
  expect(Object.keys(GUARANTEES).map(Number)).toEqual(Array.from({ length: 17 }, (_, index) => index + 1))
})
