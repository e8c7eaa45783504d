/** What a claim has answered, by name: see CLAIM. */
export interface Claimed {
  /** In how many milliseconds something is due; undefined where the claim took all it was to take. */
  readonly dueIn: number | undefined
  readonly more: boolean
  /** What most of what it took is leased as. */
  readonly claim: string
  /** The positions of what it took, as `first last …`. */
  readonly runs: string
  /** `index failures losses marks`, for those that have any. */
  readonly troubles: readonly Buffer[]
  /** `index claim`, for those that are leased as another one. */
  readonly claims: readonly Buffer[]
  /** Of the first ones: the others are to be read. */
  readonly entries: readonly unknown[]
  /** The server's time, milliseconds. */
  readonly time: number
  /** For how many more the claim has left a demand. */
  readonly standing: number
  /** How many the session had been handed over by then. */
  readonly given: number
}

/** Why a claim has taken nothing: it is to be asked again, the subscription is gone, a later session has followed. */
export type Unclaimed = 'AGAIN' | 'GONE' | 'REPLACED'

/** The only place that knows the order in which a claim answers. */
export function readClaim(reply: readonly unknown[]): Claimed | Unclaimed {
  const [status, dueIn, more, claim, runs, troubles, claims, entries, time, standing, given] = reply
  if (String(status) !== 'OK') return String(status) as Unclaimed
  return {
    dueIn: dueIn === -1 ? undefined : (dueIn as number),
    more: more === 1,
    claim: String(claim),
    runs: String(runs),
    troubles: troubles as readonly Buffer[],
    claims: claims as readonly Buffer[],
    entries: entries as readonly unknown[],
    time: time as number,
    standing: standing as number,
    given: given as number,
  }
}
