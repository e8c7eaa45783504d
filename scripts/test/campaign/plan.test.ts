import type { Hooks } from '@pluribus/conformance'
import { describe, expect, test } from 'vitest'
import { fits } from '../../campaign/fits.ts'
import { readOptions } from '../../campaign/options.ts'
import { planOutages } from '../../campaign/plan.ts'

const idsOn =
  (hooks: Hooks) =>
  (count: number, ...only: string[]) =>
    planOutages(count, only, fits({ hooks })).map(({ id }) => id)
const ids = (count: number, ...only: string[]) => planOutages(count, only).map(({ id }) => id)
const ofServer = idsOn({})
const ofFolder = idsOn({ leader: { timeout: 1, find: async () => undefined } })

describe('the plan of a campaign', () => {
  test('so many of each group, its kinds in turn', () => {
    expect(ofServer(2)).toEqual([
      ...['kill-broker-1', 'freeze-broker-1', 'cut-1', 'lost-replies-1'],
      ...['kill-consumer-1', 'freeze-consumer-1', 'cut-2', 'lost-replies-2'],
    ])
  })

  test('where processes lead in turn, there is no broker to be killed, and no network to be cut', () => {
    expect(ofFolder(2)).toEqual([
      ...['kill-all-1', 'freeze-consumer-1', 'kill-leader-1'],
      ...['kill-consumer-1', 'freeze-consumer-2', 'freeze-leader-1'],
    ])
    expect(ofFolder(2, 'kill')).toEqual(['kill-all-1', 'kill-consumer-1'])
    expect(ofFolder(1, 'kill-broker')).toEqual(['kill-broker-1'])
    expect(() => ofFolder(1, 'cut')).not.toThrow()
    expect(() => ofFolder(1, 'lost-replies')).not.toThrow()
  })

  test('a group, a kind, single ones', () => {
    expect(ofServer(3, 'kill')).toEqual(['kill-broker-1', 'kill-consumer-1', 'kill-broker-2'])
    expect(() => ofServer(1, 'election')).toThrow('Nothing of election could strike this adapter.')
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
        blows: 1,
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
