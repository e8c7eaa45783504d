import type { Capabilities } from '@pluribus/core/driver'
import type { Claim } from '../claims/claim.js'
import type { Expression } from '../claims/expression.js'
import type { HookName } from '../target/hooks.js'
import type { Timing } from '../target/timing.js'
import type { CaseContext } from './context.js'
import type { Guarantee } from './guarantee.js'

/**
 * One thing that an adapter has to do, as data.
 *
 * @example
 * ```ts
 * import { CASES, type Case } from '@pluribus/conformance'
 *
 * const core: readonly Case[] = CASES.filter(({ profile }) => profile === 'core')
 * ```
 */
export interface Case {
  /** Group and number: `LSE-03`. Never used again for anything else. */
  readonly id: string
  /** What happens, in a few words: `a late ack changes nothing`. */
  readonly title: string
  /** What is promised, in a sentence or two: the first thing that a failure says. */
  readonly promise: string
  /** `core`: what makes an adapter usable at all. `full`: the rest. */
  readonly profile: 'core' | 'full'
  /** The guarantees that it is about, by their numbers. A test holds that each has a case. Default: none in particular. */
  readonly guarantees?: readonly Guarantee[]
  /** What the adapter has to claim for the case to apply. Default: nothing. */
  readonly needs?: Expression
  /** What this case proves of what is claimed. */
  readonly proves?: readonly Claim[]
  /** The probe that runs where `needs` are not met: the id of a case of group REF. Default: there is nothing to refuse. */
  readonly refusal?: string
  /** What of the target's surroundings it needs. Where one is missing, the case is blocked. */
  readonly hooks?: readonly HookName[]
  /** Must not run beside others. Default: false. */
  readonly exclusive?: boolean
  /** How long it waits by design, in milliseconds, above what every case is given. Default: 0. */
  budget?(timing: Timing, capabilities: Capabilities): number
  run(it: CaseContext): Promise<void>
}

/** Freezes cases, so that nobody changes what is proved. */
export const defineCases = (...cases: readonly Case[]): readonly Case[] =>
  Object.freeze(cases.map(one => Object.freeze({ ...one })))
