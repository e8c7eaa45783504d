/** Numbers from 0 to 1 that only depend on the seed (mulberry32). */
export function randomFrom(seed: number): () => number {
  let state = Math.imul(seed, 0x9e3779b1)
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}

/** Choices out of one such source. */
export class Dice {
  readonly random: () => number

  constructor(seed: number) {
    this.random = randomFrom(seed)
  }

  chance(probability: number): boolean {
    return this.random() < probability
  }

  /** A whole number from 0 to `sides - 1`. */
  roll(sides: number): number {
    return Math.floor(this.random() * sides)
  }

  pick<T>(choices: readonly T[]): T {
    return choices[this.roll(choices.length)] as T
  }
}
