/**
 * Positions from `first` to `last`, both included.
 *
 * @example
 * ```ts
 * import type { PositionRange } from '@pluribus/core/driver'
 *
 * const has = ({ first, last }: PositionRange, position: number) => first <= position && position <= last
 * ```
 */
export interface PositionRange {
  readonly first: number
  readonly last: number
}

/**
 * Ascending ranges above a floor as short text, to be stored with the floor. Each is the distance from where the one before
 * it ended (the floor, for the first), and how much longer than one it is; both in base 36.
 *
 * ```
 * floor 100, ranges 101–101 and 105–108:   "1,4-3"
 * ```
 *
 * @example
 * ```ts
 * import { encodeRanges } from '@pluribus/core/driver'
 *
 * encodeRanges([{ first: 101, last: 101 }, { first: 105, last: 108 }], 100) // '1,4-3'
 * ```
 */
export function encodeRanges(ranges: readonly PositionRange[], floor: number): string {
  let end = floor
  const parts = ranges.map(({ first, last }) => {
    const start = (first - end).toString(36)
    end = last
    return last === first ? start : `${start}-${(last - first).toString(36)}`
  })
  return parts.join(',')
}

/**
 * The reverse of {@link encodeRanges}.
 *
 * @throws RangeError where the text is none of ours.
 *
 * @example
 * ```ts
 * import { decodeRanges } from '@pluribus/core/driver'
 *
 * decodeRanges('1,4-3', 100) // [{ first: 101, last: 101 }, { first: 105, last: 108 }]
 * ```
 */
export function decodeRanges(text: string, floor: number): readonly PositionRange[] {
  if (text === '') return []
  let end = floor
  return text.split(',').map(part => {
    const [, gap, more] = /^([0-9a-z]+)(?:-([0-9a-z]+))?$/.exec(part) ?? []
    if (gap === undefined) throw new RangeError(`"${part}" is no range of positions.`)
    const first = end + Number.parseInt(gap, 36)
    end = more === undefined ? first : first + Number.parseInt(more, 36)
    return { first, last: end }
  })
}
