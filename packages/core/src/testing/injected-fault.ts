import type { Classified } from '../driver/adapter.js'
import { type ErrorCode, isRetryableCode } from '../errors/codes.js'

/**
 * The native error of a broker that an {@link unreliable} adapter makes up. Like any native error it says nothing in
 * our words; the adapter's `classify` knows what it stands for.
 *
 * @example
 * ```ts
 * import type { Adapter } from '@pluribus/core/driver'
 * import { InjectedFault, unreliable } from '@pluribus/core/testing'
 *
 * const lockedOut = (adapter: Adapter) => {
 *   const broken = unreliable(adapter)
 *   broken.refuse(new InjectedFault('the password is wrong', 'UNAUTHORIZED'))
 *   return broken
 * }
 * ```
 */
export class InjectedFault extends Error {
  override readonly name = 'InjectedFault'
  readonly #stands: Classified

  /** @param stands What it is classified as. Default: `UNAVAILABLE`, retryable as the code says. */
  constructor(message: string, stands: ErrorCode | Classified = 'UNAVAILABLE', options?: ErrorOptions) {
    super(message, options)
    this.#stands = typeof stands === 'string' ? { code: stands, retryable: isRetryableCode(stands) } : stands
  }

  /** What an error stands for, if it is an injected one. */
  static classified(error: unknown): Classified | undefined {
    return error instanceof InjectedFault ? error.#stands : undefined
  }
}
