import { PluribusError } from '../errors/pluribus-error.js'
import { type Duration, toMilliseconds } from './duration.js'
import { checkOptions } from './options.js'

const BRAND: unique symbol = Symbol.for('pluribus.outcome')
const BRANDED = { [BRAND]: true } as const

/**
 * How a handler says that a delivery did not simply succeed: what {@link retry}, {@link reject} and {@link release} make.
 * A handler that returns nothing acks; one that throws has failed, and the subscription's policy decides.
 *
 * @example
 * ```ts
 * import { type Outcome, reject, retry } from '@pluribus/core'
 *
 * const outcomeFor = (status: number): Outcome | undefined =>
 *   status === 429 ? retry({ after: '30s' }) : status === 404 ? reject('GONE') : undefined
 * ```
 */
export type Outcome =
  | { readonly [BRAND]: true; readonly kind: 'retry'; readonly after: number | undefined; readonly reason: string }
  | { readonly [BRAND]: true; readonly kind: 'reject'; readonly reason: string }
  | { readonly [BRAND]: true; readonly kind: 'release' }

/**
 * This run has failed; try again. Counts as an attempt.
 *
 * @param options `after`: when, instead of the ladder's delay. `reason`: kept with the attempt's error.
 * @throws PluribusError `INVALID_ARGUMENT` for an illegal duration or an unknown option.
 * @example
 * ```ts
 * import { retry } from '@pluribus/core'
 *
 * const later = retry({ after: '10s', reason: 'the gateway asks to slow down' })
 * ```
 */
export function retry(options: { readonly after?: Duration; readonly reason?: string } = {}): Outcome {
  checkOptions(options, ['after', 'reason'], 'retry()')
  const { after: given, reason = 'RETRY' } = options
  const after = given === undefined ? undefined : toMilliseconds(given, 'retry() after')
  return Object.freeze({ ...BRANDED, kind: 'retry', after, reason: checkReason(reason, 'retry()') })
}

/**
 * Dead-letter this message now, whatever attempts are left.
 *
 * @param reason 1 to 200 characters; what the dead letter is filed under.
 * @throws PluribusError `INVALID_ARGUMENT` for an illegal reason.
 * @example
 * ```ts
 * import { reject } from '@pluribus/core'
 *
 * const refused = reject('NO_CUSTOMER')
 * ```
 */
export function reject(reason: string): Outcome {
  return Object.freeze({ ...BRANDED, kind: 'reject', reason: checkReason(reason, 'reject()') })
}

const RELEASE: Outcome = Object.freeze({ ...BRANDED, kind: 'release' })

/**
 * Give the message back at its place, counting nothing; another consumer, or this one, gets it at once.
 *
 * @example
 * ```ts
 * import { release } from '@pluribus/core'
 *
 * const notMine = release()
 * ```
 */
export const release = (): Outcome => RELEASE

/** Whether a handler's result is an outcome; works across copies of the package. */
export const isOutcome = (value: unknown): value is Outcome =>
  typeof value === 'object' && value !== null && BRAND in value

function checkReason(reason: unknown, what: string): string {
  if (typeof reason === 'string' && reason.length > 0 && reason.length <= 200) return reason
  throw new PluribusError('INVALID_ARGUMENT', `${what}: a reason is a text of 1 to 200 characters.`)
}
