import fc from 'fast-check'
import type { Command, CommandKind, Setup } from './world.js'

/** How often each command is drawn, out of the sum. Losses are frequent because it takes several to make a suspect. */
export const WEIGHTS: Readonly<Record<CommandKind, number>> = {
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

const number = fc.nat({ max: 0xffff })

/** Programs: lists of commands, drawn as often as the weights say. */
export function programs(weights: Readonly<Record<CommandKind, number>> = WEIGHTS): fc.Arbitrary<Command[]> {
  const kinds = Object.entries(weights).flatMap(([kind, weight]) =>
    Array<CommandKind>(weight).fill(kind as CommandKind),
  )
  const command: fc.Arbitrary<Command> = fc.tuple(fc.constantFrom(...kinds), number, number, number)
  return fc.array(command, { maxLength: 160, size: 'max' })
}

/** Disciplines with priorities and keys. */
export const setups: fc.Arbitrary<Setup> = fc
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
