/** A date, of milliseconds since the epoch. Cases have no `Date` of their own, so that none of them reads the machine's clock. */
export const dateAt = (ms: number): Date => new Date(ms)
