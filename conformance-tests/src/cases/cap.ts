import { defineCases } from '../case/case.js'
import { check, equal } from '../case/expect.js'
import { same } from '../case/same.js'
import { claimsOf } from '../claims/claim.js'

/** Honesty of capabilities. */
export const CAP = defineCases(
  {
    id: 'CAP-01',
    title: 'capabilities are frozen data that do not change',
    promise:
      'What an adapter claims is the same before connecting, while connected and afterwards; it is frozen, and plain JSON.',
    profile: 'core',
    async run(it) {
      const options = await it.brokerOptions()
      const adapter = options.adapter
      check(typeof adapter === 'object' && 'capabilities' in adapter, 'the target gives no adapter')
      const before = JSON.stringify(adapter.capabilities)
      const broker = await it.open()
      const claimed: unknown = JSON.parse(JSON.stringify(broker.capabilities))
      check(same(claimed, broker.capabilities), 'the capabilities are no plain JSON')
      for (const part of [
        broker.capabilities,
        broker.capabilities.limits,
        broker.capabilities.from,
        broker.capabilities.counts,
      ]) {
        check(Object.isFrozen(part), `the capabilities are not frozen: ${JSON.stringify(part)}`)
      }
      await broker.close()
      equal(JSON.stringify(adapter.capabilities), before, 'the capabilities after closing')
    },
  },
  {
    id: 'CAP-19',
    title: 'nothing that is required is missing',
    promise: 'The adapter claims at least what its required.json lists: nobody passes by claiming nothing.',
    profile: 'core',
    async run(it) {
      const claimed = new Set(claimsOf(it.capabilities))
      equal(
        it.required.claims.filter(claim => !claimed.has(claim)),
        [],
        'what is required and not claimed',
      )
      const { priorityLevels, limits } = it.capabilities
      const numbers: Readonly<Record<string, number>> = { priorityLevels, ...limits }
      for (const [name, least] of Object.entries(it.required.atLeast ?? {})) {
        check((numbers[name] ?? 0) >= least, `${name} is ${numbers[name]}, and ${least} is required`)
      }
    },
  },
)
