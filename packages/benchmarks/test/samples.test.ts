import { describe, expect, test } from 'vitest'
import type { Sample } from '../src/measurement.ts'
import { Samples } from '../src/report/samples.ts'

const sample = (subject: string, round: number, rate: number): Sample => ({
  scenario: 'bytes',
  subject,
  round,
  figures: { rate },
})

describe('Samples', () => {
  test('a ratio is taken within a round, also where one of its neighbours could not be measured', () => {
    const samples = new Samples([sample('ours', 1, 10), sample('theirs', 2, 40), sample('ours', 2, 20)])
    expect(samples.ratio('bytes', 'ours', 'theirs', 'rate')).toEqual({ median: 0.5, min: 0.5, max: 0.5 })
  })

  test('without a common round there is none', () => {
    const samples = new Samples([sample('ours', 1, 10), sample('theirs', 2, 40)])
    expect(samples.ratio('bytes', 'ours', 'theirs', 'rate')).toBeUndefined()
  })
})
