import type { Adapter } from '@pluribus/core/driver'

/**
 * The correct adapters that saboteurs are wrapped around. `tcp`, a broker behind a socket, is for cases with processes or a network between
 * them; it runs in real time.
 *
 * @example
 * ```ts
 * import { SABOTEURS, type Base } from '@pluribus/conformance/saboteurs'
 *
 * const of = (base: Base) => SABOTEURS.filter(saboteur => saboteur.of === base)
 * ```
 */
export type Base = 'memory' | 'sim-log' | 'tcp'

/**
 * A broken adapter: it shows that a case can fail.
 *
 * @example
 * ```ts
 * import type { Saboteur } from '@pluribus/conformance/saboteurs'
 *
 * const line = ({ name, breaks, caughtBy }: Saboteur) => `${name}: ${breaks} Caught by ${caughtBy}.`
 * ```
 */
export interface Saboteur {
  /** In a few words with dashes: `late-ack-counts`. */
  readonly name: string
  /** What it is wrapped around. */
  readonly of: Base
  /** What is wrong with it, in a sentence. */
  readonly breaks: string
  /** The case that must catch it. */
  readonly caughtBy: string
  /** What the failure has to say: it must name the problem, not only fail. */
  readonly says: RegExp
  /** Breaks an adapter. Called once for each broker of a case; all of them share a store. */
  adapter(inner: Adapter): Adapter
}

/** Freezes saboteurs. */
export const defineSaboteurs = (...saboteurs: readonly Saboteur[]): readonly Saboteur[] =>
  Object.freeze(saboteurs.map(saboteur => Object.freeze({ ...saboteur })))
