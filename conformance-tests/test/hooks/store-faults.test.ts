import { expect, test } from 'vitest'
import { bases } from '../../scripts/bases.js'
import { decorate } from '../../src/history/decorate.js'
import { defineTarget, StoreFaults } from '../../src/index.js'
import { verdictOf } from '../kit.js'

const outcomes = (faults: StoreFaults, operations: readonly string[]) =>
  operations.map(operation => {
    try {
      faults.before(operation)
      return 'done'
    } catch (error) {
      return (error as Error).message
    }
  })

test('the n-th operation fails, so many times, of the kind that is named', () => {
  const faults = new StoreFaults()
  faults.fail(new Error('full'), { after: 1, times: 2, only: /^write/ })
  expect(outcomes(faults, ['write', 'read', 'write', 'sync', 'write', 'write'])).toEqual([
    'done',
    'done',
    'full',
    'done',
    'full',
    'done',
  ])
  faults.fail(new Error('gone'))
  expect(outcomes(faults, ['read', 'write'])).toEqual(['gone', 'gone'])
  faults.heal()
  expect(outcomes(faults, ['read'])).toEqual(['done'])
  expect(faults.operations.length).toBe(9)
})

test('a case has a broker whose store fails when it says so', async () => {
  const target = defineTarget({
    ...bases.memory,
    hooks: {
      failingStore: async (settings, faults, time) =>
        decorate(await bases.memory.adapter(settings, time), {
          publisher: publisher => ({
            async publish(batch) {
              faults.before('append')
              return publisher.publish(batch)
            },
          }),
        }),
    },
  })
  const result = await verdictOf(
    async it => {
      const [broker, faults] = await it.openOnFailingStore()
      const orders = it.topic()
      await broker.publish(orders, { n: 1 })
      faults.fail(new Error('ENOSPC'))
      await broker.publish(orders, { n: 2 }).then(
        () => Promise.reject(new Error('it was stored')),
        () => {},
      )
    },
    { target, more: { hooks: ['store'] } },
  )
  expect(result).toMatchObject({ verdict: 'passed' })
})
