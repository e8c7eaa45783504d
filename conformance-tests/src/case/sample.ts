/** What cases publish where it does not matter what: a number, counted from 1. */
export interface Sample {
  readonly n: number
}
