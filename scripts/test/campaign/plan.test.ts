import { describe, expect, test } from 'vitest'
import { readOptions } from '../../campaign/options.ts'
import { planOutages } from '../../campaign/plan.ts'

const ids = (count: number, ...only: string[]) => planOutages(count, only).map(({ id }) => id)

describe('the plan of a campaign', () => {
  test('so many of each group, its kinds in turn', () => {
    expect(ids(2)).toEqual([
      ...['kill-broker-1', 'freeze-broker-1', 'cut-1', 'lost-replies-1'],
      ...['kill-consumer-1', 'freeze-consumer-1', 'cut-2', 'lost-replies-2'],
    ])
  })

  test('a group, a kind, single ones', () => {
    expect(ids(3, 'kill')).toEqual(['kill-broker-1', 'kill-consumer-1', 'kill-broker-2'])
    expect(ids(2, 'kill-broker')).toEqual(['kill-broker-1', 'kill-broker-2'])
    expect(ids(50, 'cut-17', 'kill-broker-3')).toEqual(['cut-17', 'kill-broker-3'])
    expect(ids(1, 'cut', 'kill-broker-3')).toEqual(['cut-1', 'kill-broker-3'])
    expect(() => ids(1, 'flood')).toThrow('There is no outage called flood.')
  })
})

describe('the command line', () => {
  test('has defaults', () => {
    expect(readOptions(['--adapter', 'redis'])).toEqual({
      ...{
        adapter: 'redis',
        outages: 50,
        seed: 1,
        only: [],
        lease: 3_000,
        rate: 200,
        slow: 1,
        report: undefined,
        histories: undefined,
      },
    })
  })

  test('refuses what means nothing', () => {
    expect(() => readOptions([])).toThrow('Which adapter?')
    expect(() => readOptions(['--adapter', 'redis', '--outages', '0'])).toThrow('--outages is a whole number from 1')
    expect(() => readOptions(['--adapter', 'redis', '--speed', '3'])).toThrow('--speed')
  })
})
