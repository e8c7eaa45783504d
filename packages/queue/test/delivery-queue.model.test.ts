import fc from 'fast-check'
import { expect, it } from 'vitest'
import { TransitionCounts } from './transitions.js'
import { type Command, type CommandKind, type Setup, World } from './world.js'

/** `PLURIBUS_SEED=… [PLURIBUS_PATH=…]` replays a run; without it each run has its own seed. */
const seed = Number(process.env.PLURIBUS_SEED ?? Math.floor(Math.random() * 2 ** 31))
const path = process.env.PLURIBUS_PATH
const SEQUENCES = 15_000
const LEAST = 1000

/** How often each command is drawn, out of the sum. Losses are frequent because it takes several to make a suspect. */
const WEIGHTS: Readonly<Record<CommandKind, number>> = {
  publish: 24,
  claim: 18,
  ack: 6,
  retryNow: 8,
  retryLater: 9,
  release: 4,
  reject: 8,
  rejectAll: 2,
  mark: 4,
  markAll: 11,
  renew: 3,
  outlive: 4,
  pass: 6,
  lose: 18,
  open: 8,
  close: 5,
  crash: 3,
  replace: 15,
  misplace: 1,
  redrive: 15,
  discard: 3,
  subscribe: 1,
  trim: 3,
  lookAhead: 1,
}

const KINDS = Object.entries(WEIGHTS).flatMap(([kind, weight]) => Array<CommandKind>(weight).fill(kind as CommandKind))

const number = fc.nat({ max: 0xffff })
const command: fc.Arbitrary<Command> = fc.tuple(fc.constantFrom(...KINDS), number, number, number)
const commands = fc.array(command, { maxLength: 160, size: 'max' })
const setup: fc.Arbitrary<Setup> = fc
  .record({
    order: fc.constantFrom('fifo' as const, 'lifo' as const, 'priority' as const),
    bands: fc.integer({ min: 1, max: 3 }),
    keys: fc.constantFrom<(string | undefined)[]>(
      [undefined],
      [undefined, 'a'],
      ['a', 'b'],
      [undefined, 'a', 'b', 'c'],
    ),
    looksAhead: fc.boolean(),
  })
  .map(drawn => ({ ...drawn, bands: drawn.order === 'priority' ? drawn.bands : 1 }))

it('does what the model does, whatever happens in whatever order', () => {
  const transitions = new TransitionCounts()
  const executed: number[] = []
  const property = fc.property(setup, commands, (start, list) => {
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
  const property = fc.property(setup, commands, (start, list) => {
    const [first, second] = [new World(start, () => {}), new World(start, () => {})]
    for (const each of list) first.run(each)
    for (const each of list) second.run(each)
    expect(second.trace).toEqual(first.trace)
  })
  fc.assert(property, { seed, numRuns: 100 })
}, 30_000)
