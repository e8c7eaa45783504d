import fc from 'fast-check'
import { expect, it } from 'vitest'
import { programs, setups } from './programs.js'
import { TransitionCounts } from './transitions.js'
import { World } from './world.js'

/** `PLURIBUS_SEED=… [PLURIBUS_PATH=…]` replays a run; without it each run has its own seed. */
const seed = Number(process.env.PLURIBUS_SEED ?? Math.floor(Math.random() * 2 ** 31))
const path = process.env.PLURIBUS_PATH
const SEQUENCES = 15_000
const LEAST = 1000

it('does what the model does, whatever happens in whatever order', () => {
  const transitions = new TransitionCounts()
  const executed: number[] = []
  const property = fc.property(setups, programs(), (start, list) => {
    const world = new World(start, transitions.count)
    executed.push(list.filter(each => world.run(each)).length)
  })
  const result = fc.check(property, { seed, numRuns: SEQUENCES, ...(path === undefined ? {} : { path }) })
  if (result.failed) {
    const again = `PLURIBUS_SEED=${seed} PLURIBUS_PATH=${result.counterexamplePath} npx vitest run packages/queue`
    throw new Error(`${fc.defaultReportMessage(result)}\n\nReplay: ${again}`, { cause: result.errorInstance })
  }
  const steps = executed.reduce((sum, count) => sum + count, 0)
  const average = steps / executed.length
  console.log(
    `${executed.length} sequences of ${average.toFixed(1)} commands, PLURIBUS_SEED=${seed}\n${transitions.table()}`,
  )
  if (path !== undefined) return
  expect(average).toBeGreaterThanOrEqual(40)
  expect(transitions.below(LEAST)).toEqual([])
}, 120_000)

it('gives the same answers to the same calls, tokens included', () => {
  const property = fc.property(setups, programs(), (start, list) => {
    const [first, second] = [new World(start, () => {}), new World(start, () => {})]
    for (const each of list) first.run(each)
    for (const each of list) second.run(each)
    expect(second.trace).toEqual(first.trace)
  })
  fc.assert(property, { seed, numRuns: 100 })
}, 30_000)
