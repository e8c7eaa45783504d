import fc from 'fast-check'
import { expect, test } from 'vitest'
import { elect } from '../src/leadership/election.js'
import type { LockFolder } from '../src/leadership/lock-folder.js'
import { LeadershipModel, type Move } from './leadership-model.js'

const process = fc.nat(2)

/** Most moves let somebody go on; without much else, for a while, so that somebody gets as far as to lead. */
const anyMove: fc.Arbitrary<readonly Move[]> = fc.oneof(
  { weight: 6, arbitrary: fc.record({ kind: fc.constant('step' as const), process }).map(move => [move]) },
  {
    weight: 6,
    arbitrary: fc
      .tuple(process, fc.integer({ min: 1, max: 14 }))
      .map(([index, count]) => Array.from({ length: count }, () => ({ kind: 'step' as const, process: index }))),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('kill' as const), process }).map(move => [move]) },
  { weight: 2, arbitrary: fc.constant<readonly Move[]>([{ kind: 'silence' }]) },
  { weight: 1, arbitrary: fc.constant<readonly Move[]>([{ kind: 'start' }]) },
)

test('of processes that stop before any of their calls, end, or go on later, no two acknowledge', async () => {
  const totals = { acknowledged: 0, leaders: 0, followers: 0, replaced: 0 }
  await fc.assert(
    fc.asyncProperty(fc.array(anyMove, { minLength: 20, maxLength: 120 }), async moves => {
      const model = new LeadershipModel()
      await model.run([{ kind: 'start' }, { kind: 'start' }, { kind: 'start' }, ...moves.flat()])
      for (const key of Object.keys(totals) as (keyof typeof totals)[]) totals[key] += model[key]
    }),
    { numRuns: 800 },
  )
  for (const [what, count] of Object.entries(totals)) expect(count, what).toBeGreaterThan(100)
}, 240_000)

test.each(Array.from({ length: 16 }, (_, index) => index))(
  'a process that slept after %d calls through more elections than there are locks acknowledges nothing any more',
  async awake => {
    const model = new LeadershipModel()
    const moves: Move[] = [{ kind: 'start' }]
    const steps = (index: number, count: number) => {
      for (let step = 0; step < count; step++) moves.push({ kind: 'step', process: index })
    }
    steps(0, awake)
    for (let index = 1; index <= 40; index++) {
      moves.push({ kind: 'start' }, { kind: 'silence' })
      steps(index, 40)
    }
    await model.run(moves)
    const { acknowledged } = model
    await model.run(Array.from({ length: 14 }, () => ({ kind: 'step' as const, process: 0 })))
    expect(model.leaders).toBeGreaterThanOrEqual(40)
    expect(model.acknowledged).toBe(acknowledged)
  },
)

test('locks that are past go in their order, and those before a gap at once', async () => {
  const removed: number[] = []
  let found = [3, 1, 2]
  const note = { token: '', socket: '', origin: '', pid: 0, host: '' }
  const locks: LockFolder = {
    generations: async () => found,
    read: async () => note,
    prepare: async () => ({ note }),
    link: async (_, generation) => {
      found = [generation, ...found]
      return true
    },
    unlink: async generation => {
      removed.push(generation)
    },
    discard: async () => {},
    verify: () => {},
  }
  const stand = async () => ({ note, withdraw: async () => {} })
  const elected = await elect({ locks, floor: async () => 7, follow: async () => undefined, stand })
  expect([elected.generation, removed.splice(0)]).toEqual([8, [1, 2, 3]])
  found = [30, 12, 15, 13]
  await elect({ locks, floor: async () => 7, follow: async () => undefined, stand })
  expect(removed).toEqual([12, 13, 15])
})
