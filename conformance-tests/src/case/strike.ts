import type { FaultOperation, UnreliableAdapter } from '@pluribus/core/testing'
import type { CaseContext } from './context.js'

/**
 * How a call to the broker is cut short: the process dies as it makes it, while it is being executed, or before it hears the
 * answer; the link breaks before the call arrives, or before its answer does.
 */
export const STRIKES = ['dies-before', 'dies-amid', 'dies-after', 'breaks-before', 'breaks-after'] as const
export type Strike = (typeof STRIKES)[number]

export const isDeadly = (strike: Strike): boolean => strike.startsWith('dies')

/**
 * Cuts the next call of an operation short. `provoke` brings the call about. When this resolves, the process is dead or
 * connected anew.
 */
export async function strikeNext(
  it: CaseContext,
  adapter: UnreliableAdapter,
  strike: Strike,
  { operation, provoke }: { readonly operation: FaultOperation; provoke(): Promise<unknown> },
): Promise<void> {
  const { recover } = it.timing
  const isLate = strike === 'dies-amid' || strike === 'dies-after'
  const calls = isLate ? () => adapter.executed(operation) : () => adapter.calls(operation)
  const before = { calls: calls(), generation: adapter.generation }
  if (strike === 'dies-before') adapter.hold(operation)
  if (isLate) adapter.hold(operation, { side: 'reply' })
  if (strike === 'breaks-before') adapter.failBefore(operation, { cut: true })
  if (strike === 'breaks-after') adapter.loseReplies(operation)
  // Whether the call itself succeeds is the case's business.
  const provoked = provoke()
  await it.until(() => calls() > before.calls, { within: recover, what: `a call of ${operation} to be struck` })
  if (isDeadly(strike)) {
    if (strike === 'dies-after') await it.elapse(it.timing.quiet)
    adapter.kill()
  } else {
    await provoked
    const isBack = () => adapter.generation > before.generation
    await it.until(isBack, { within: recover, what: `the connection to come back after its ${operation} was lost` })
  }
  // What is left open inside would keep its place with a broker that has no leases.
  await adapter.dispose()
}
