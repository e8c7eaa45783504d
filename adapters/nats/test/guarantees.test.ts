import { survivalTables } from '@pluribus/conformance'
import { describe, expect, test } from 'vitest'

describe('what the README says survives what', () => {
  const [cells = [], ...others] = survivalTables(new URL('..', import.meta.url))

  test('is about eight things and six mishaps', () => {
    expect(others).toEqual([])
    expect(cells).toHaveLength(8 * 6)
  })

  test.each(cells)('is shown by something: $thing, $mishap', ({ wrong }) => expect(wrong).toEqual([]))
})
