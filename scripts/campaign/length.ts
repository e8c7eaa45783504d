import type { CaseContext } from '@pluribus/conformance'

/** After so long core takes a connection for broken whose calls are not answered, in milliseconds. */
const PATIENCE = 10_000

/**
 * How long an outage lasts, in milliseconds: most are short, one in four may outlast a lease, one in ten outlasts
 * everybody's patience.
 */
export function lengthOf(it: CaseContext): number {
  const dice = it.random()
  const [from, to] =
    dice < 0.65 ? [0, 1_000] : dice < 0.9 ? [1_000, it.timing.lease + 1_000] : [PATIENCE, PATIENCE + 3_000]
  return Math.round(from + it.random() * (to - from))
}
