import type { Capabilities } from '@pluribus/core/driver'
import { adapterOf } from '../case/adapter-of.js'
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
      const adapter = adapterOf(await it.brokerOptions())
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
    id: 'CAP-14',
    title: 'a server gives no more than the adapter promises',
    promise: 'A connection says which product in which version it is to, and claims what its adapter claims, or less.',
    profile: 'core',
    async run(it) {
      const adapter = adapterOf(await it.brokerOptions())
      const connection = await it.connect()
      for (const [name, value] of Object.entries(connection.server)) {
        check(typeof value === 'string' && value !== '', `the server's ${name} is ${JSON.stringify(value)}`)
      }
      equal(beyond(adapter.capabilities, connection.capabilities), [], 'what the connection claims beyond its adapter')
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

/** What a weaker value is followed by. Where no value promises more than another, there is no list. */
const RISING: Readonly<Record<string, readonly string[]>> = {
  durability: ['memory', 'process', 'disk', 'replicated'],
  fifo: ['none', 'windowed', 'exact'],
  lifo: ['none', 'windowed', 'exact'],
  priority: ['none', 'windowed', 'exact'],
  keys: ['none', 'partition', 'window', 'key'],
  competing: ['partition', 'message'],
  delay: ['none', 'emulated', 'native'],
  fencing: ['local', 'exact'],
  settle: ['sent', 'stored'],
  attempts: ['process', 'stored'],
  losses: ['none', 'marked'],
  retention: ['may-drop-pending', 'keeps-pending'],
  history: ['none', 'stored'],
  sequenced: ['none', 'checked', 'stored'],
  transactions: ['none', 'native'],
}

/** The capabilities that promise more in the second set than in the first one. */
function beyond(promised: Capabilities, given: Capabilities): readonly string[] {
  const names = Object.entries(RISING).flatMap(([name, values]) => {
    const rank = (of: Capabilities) => values.indexOf(String(of[name as keyof Capabilities]))
    return rank(given) > rank(promised) ? [name] : []
  })
  const rest = (['from', 'counts'] as const).filter(name => given[name].some(one => !includes(promised[name], one)))
  const limits = (['payload', 'headers', 'hold'] as const).filter(name => given.limits[name] > promised.limits[name])
  const levels = given.priorityLevels > promised.priorityLevels ? ['priorityLevels'] : []
  const forgets = promised.deduplication === 'none' && given.deduplication !== 'none' ? ['deduplication'] : []
  return [...names, ...rest, ...limits.map(name => `limits.${name}`), ...levels, ...forgets]
}

const includes = (list: readonly string[], value: string): boolean => list.includes(value)
