/** What a wall clock is wrong by when its zone is, in milliseconds. */
export const HOUR = 3_600_000

/** A date, of milliseconds since the epoch. Cases have no `Date` of their own, so that none of them reads the machine's clock. */
export const dateAt = (ms: number): Date => new Date(ms)
