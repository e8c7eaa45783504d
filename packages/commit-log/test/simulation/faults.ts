import type { SimCall, SimFault } from '../../src/testing/sim-disk.js'
import type { Dice } from './random.js'

/**
 * How a disk behaves during a trial. `crash`: it is honest, and processes and power fail. `error`: calls fail, too, and the disk is full at
 * times. The others are not honest, one of them at a time: it says that it has synced, loses a bit, or writes a sector elsewhere.
 */
export const TEMPERS = ['crash', 'error', 'lie', 'flip', 'misdirect'] as const

export type Temper = (typeof TEMPERS)[number]

/** Nothing that was acknowledged may be missing. */
export const isHonest = (temper: Temper): boolean => temper === 'crash' || temper === 'error'

/** Decides what becomes of every call of one process. */
export function faultsFor(temper: Temper, dice: Dice, isLast: boolean): (call: SimCall) => SimFault | undefined {
  if (isLast) return () => undefined
  const stopAt = dice.chance(0.75) ? 1 + Math.floor(dice.random() ** 2 * 220) : Number.POSITIVE_INFINITY
  const rate = dice.pick([0, 0.01, 0.05])
  const strikes = new Set([1 + dice.roll(60), 1 + dice.roll(30)])
  let syncs = 0
  return ({ kind, number }) => {
    if (number === stopAt) return 'stop'
    const isSync = kind === 'sync' || kind === 'syncFolder'
    if (isSync) syncs++
    if (temper === 'lie' && isSync && strikes.has(syncs)) return 'lie'
    if (temper === 'misdirect' && kind === 'sync' && strikes.has(syncs)) return 'misdirect'
    if (temper !== 'error' || !dice.chance(rate)) return undefined
    return kind === 'create' || kind === 'open' ? dice.pick(['EIO', 'EMFILE', 'ENOSPC']) : 'EIO'
  }
}
