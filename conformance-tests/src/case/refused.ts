import type { Broker } from '@pluribus/core'
import type { Capabilities } from '@pluribus/core/driver'
import type { CaseContext } from './context.js'
import { check, equal } from './expect.js'

/** The call is refused with `UNSUPPORTED`, by an error that says what is missing and where, and has no effect. */
export async function refused(
  it: CaseContext,
  capability: keyof Capabilities,
  call: (broker: Broker) => Promise<unknown>,
): Promise<void> {
  const broker = await it.open()
  const before = it.history.events.length
  const error = await it.rejects('UNSUPPORTED', () => call(broker))
  equal(error.details.capability, capability, "the capability that the refusal's details name")
  equal(error.details.adapter, it.adapter, "the adapter that the refusal's details name")
  check(error.message.includes(capability), `the refusal does not name ${capability}: ${error.message}`)
  const effects = it.history.events
    .slice(before)
    .filter(({ kind }) => kind === 'publish' || kind === 'declare' || kind === 'deliver')
  equal(
    effects.map(({ kind }) => kind),
    [],
    'what had been done before the refusal',
  )
}
