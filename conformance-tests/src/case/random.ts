import type { CaseContext } from './context.js'

/** Where a case's random numbers come from: the same ones for the same seed. */
export type Dice = Pick<CaseContext, 'random'>

/** A whole number from 0 inclusive to `limit` exclusive. */
export const randomBelow = (dice: Dice, limit: number): number => Math.floor(dice.random() * limit)

/** One of the items; undefined where there is none. */
export const oneOf = <T>(dice: Dice, items: readonly T[]): T | undefined => items[randomBelow(dice, items.length)]

export const randomBytes = (dice: Dice, count: number): Uint8Array =>
  Uint8Array.from({ length: count }, () => randomBelow(dice, 256))

/** The same items in another order. */
export function shuffled<T>(dice: Dice, items: readonly T[]): readonly T[] {
  return items
    .map(item => ({ item, at: dice.random() }))
    .sort((a, b) => a.at - b.at)
    .map(({ item }) => item)
}
