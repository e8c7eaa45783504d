/** The value below which a share of the values lies; the middle of two is their mean only for the median of an even count. */
export function quantile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b)
  if (sorted.length === 0) return Number.NaN
  if (share === 0.5 && sorted.length % 2 === 0) {
    return ((sorted[sorted.length / 2 - 1] as number) + (sorted[sorted.length / 2] as number)) / 2
  }
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] as number
}

/** The middle of several measurements, with what it lies between. */
export interface Spread {
  readonly median: number
  readonly min: number
  readonly max: number
}

export function spreadOf(values: readonly number[]): Spread {
  return { median: quantile(values, 0.5), min: Math.min(...values), max: Math.max(...values) }
}

/** How far the measurements of one thing are apart, as a share of their median. */
export const noiseOf = ({ median, min, max }: Spread): number => (max - min) / 2 / Math.abs(median)
