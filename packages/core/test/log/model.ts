import fc from 'fast-check'
import { expect } from 'vitest'

/** A command and a number that it makes of what it likes. */
export type Step<Command extends string> = readonly [Command, number]

/** Counts what a model test went through, so that one that goes through nothing cannot pass. */
export class Transitions {
  readonly #counts = new Map<string, number>()

  readonly count = (name: string): void => {
    this.#counts.set(name, (this.#counts.get(name) ?? 0) + 1)
  }

  below(least: number, names: readonly string[]): readonly string[] {
    return names.filter(name => (this.#counts.get(name) ?? 0) < least)
  }

  toString(): string {
    return Array.from(this.#counts, ([name, count]) => `${name} ${count}`).join(' · ')
  }
}

const seed = Number(process.env.SEED ?? Math.floor(Math.random() * 2 ** 31))

/**
 * Runs sequences of commands, drawn by weight, each against a fresh world; every named transition has to have happened
 * `least` times. `SEED=…` replays.
 */
export function model<Command extends string>(
  name: string,
  weights: Readonly<Record<Command, number>>,
  world: (count: Transitions['count'], first: number) => (command: Command, number: number) => void,
  transitions: readonly string[],
  { sequences = 1_500, least = 300 } = {},
): void {
  const counts = new Transitions()
  const drawn = (Object.entries(weights) as [Command, number][]).flatMap(([command, weight]) =>
    Array<Command>(weight).fill(command),
  )
  const step: fc.Arbitrary<Step<Command>> = fc.tuple(fc.constantFrom(...drawn), fc.nat({ max: 0xffff }))
  const steps = fc.array(step, { minLength: 10, maxLength: 120, size: 'max' })
  let executed = 0
  const property = fc.property(fc.nat({ max: 0xffff }), steps, (first, list) => {
    const execute = world(counts.count, first)
    for (const [command, number] of list) execute(command, number)
    executed += list.length
  })
  fc.assert(property, { seed, numRuns: sequences })
  console.log(`${name}: ${sequences} sequences, ${executed} commands, SEED=${seed}\n  ${counts}`)
  expect(counts.below(least, transitions)).toEqual([])
}

/** One of several, chosen by a number. */
export const pick = <T>(from: readonly T[], number: number): T | undefined => from[number % Math.max(1, from.length)]
