/** When an outage was what, in milliseconds of the monotonic clock. */
export interface Struck {
  /** Before the blow. */
  readonly began: number
  /** The blow has surely taken effect. */
  readonly struck: number
  /** Everything that is needed was there again: from here on recovery is measured. */
  readonly over: number
  /** Another process has to lead within so many milliseconds of the blow; `undefined`: it is not about that. */
  readonly electedWithin?: number
  /** The process that was struck, where it was one of ours. */
  readonly victim?: string
}
