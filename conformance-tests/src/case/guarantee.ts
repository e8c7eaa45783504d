/** What users may rely on, on every adapter: by the number under which the design states it. */
export const GUARANTEES = Object.freeze({
  1: 'a resolved publish is stored; a failed one says whether anything may have been',
  2: 'every message is delivered at least once',
  3: 'delivery state belongs to one message in one subscription',
  4: 'attempts are counted from 1, and are failed runs',
  5: 'vanishing with a consumer is no failed run; only what kills its process dies of it',
  6: 'a message is dead only when its dead letter is stored',
  7: 'a handler that outlives its timeout is told, and then given up; runs of one message or key do not overlap',
  8: 'order: of publishing, of keys, of places',
  9: 'the latest or the largest first, exactly',
  10: 'nothing is silently downgraded',
  11: 'a stale settle changes nothing and is told',
  12: 'where a subscription starts, and how long messages stay',
  13: 'closing always ends',
  14: 'consuming resumes after any outage; connecting does not wait for ever',
  15: 'what a handler sees is what was published',
  16: 'publishing inside a handler carries the chain',
  17: 'one handler, and one definition, of a subscription',
} as const)

/**
 * The number of a guarantee.
 *
 * @example
 * ```ts
 * import { CASES, type Guarantee } from '@pluribus/conformance'
 *
 * const about = (guarantee: Guarantee) => CASES.filter(({ guarantees }) => guarantees?.includes(guarantee))
 * ```
 */
export type Guarantee = keyof typeof GUARANTEES
