import { expect, test } from 'vitest'
import { readme } from '../readme-examples.ts'

test('the README shows the example as it runs (node scripts/readme-examples.ts)', () => {
  const { now, wanted } = readme()
  expect(now).toContain('<!-- example: examples/quickstart/src/main.ts -->')
  expect(now).toBe(wanted)
})
