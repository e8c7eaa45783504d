import { type Broker, createBroker } from '@pluribus/core'
import type { CaseContext } from './context.js'

/** An hour: what a wall clock is wrong by when its zone is. */
export const HOUR = 3_600_000

/** A broker whose wall clock is wrong by so many milliseconds. The case closes it. */
export async function openSkewed(it: CaseContext, ms: number): Promise<Broker> {
  const options = await it.brokerOptions()
  const { clock = it.clock } = options.environment ?? {}
  const skewed = { now: () => clock.now() + ms, monotonic: () => clock.monotonic() }
  return createBroker({ ...options, environment: { ...options.environment, clock: skewed } })
}
