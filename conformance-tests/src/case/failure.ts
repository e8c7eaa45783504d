/**
 * What was promised has not happened: the message says what happened instead.
 *
 * @example
 * ```ts
 * import { Failure } from '@pluribus/conformance'
 *
 * const check = (condition: boolean, message: string) => {
 *   if (!condition) throw new Failure(message)
 * }
 * ```
 */
export class Failure extends Error {
  override readonly name = 'Failure'
}

/** A case cannot be run: something that it needs is missing. */
export class Blocked extends Error {
  override readonly name = 'Blocked'
}

/** A case is about something that this adapter does not have, which only shows while it runs. */
export class Skipped extends Error {
  override readonly name = 'Skipped'
}

/** A case has run, and shows nothing. */
export class Inconclusive extends Error {
  override readonly name = 'Inconclusive'
}
