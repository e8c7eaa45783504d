import type { Adapter, Capabilities, ErrorCode } from '@pluribus/core/driver'
import { adapterLike, decorate } from '../history/decorate.js'
import { mapOutgoing } from './map-batches.js'
import { defineSaboteurs } from './saboteur.js'

/** What is claimed, and is not so. */
export const CLAIMING = defineSaboteurs(
  {
    name: 'claims-nothing',
    of: 'memory',
    breaks: 'Nothing but fifo is claimed, so that nothing else is looked at.',
    caughtBy: 'CAP-19',
    says: /what is required and not claimed: .*lifo:exact/,
    adapter: inner => claiming(inner, { lifo: 'none', priority: 'none', keys: 'none', delay: 'none' }),
  },
  {
    name: 'claims-more-when-connected',
    of: 'memory',
    breaks: 'The adapter promises no lifo, and its connections do.',
    caughtBy: 'CAP-14',
    says: /what the connection claims beyond its adapter: .*lifo/,
    adapter: inner => adapterLike(inner, { capabilities: Object.freeze({ ...inner.capabilities, lifo: 'none' }) }),
  },
  {
    name: 'capabilities-can-be-changed',
    of: 'memory',
    breaks: 'What is claimed is an object that anybody may write to.',
    caughtBy: 'CAP-01',
    says: /the capabilities are not frozen/,
    adapter: inner => decorate(inner, { connection: ({ capabilities }) => ({ capabilities: { ...capabilities } }) }),
  },
  {
    name: 'error-codes-of-its-own',
    of: 'memory',
    breaks: 'Native errors keep their own codes.',
    caughtBy: 'CAP-16',
    says: /is classified as ECONNRESET: no code of the list/,
    adapter: inner => adapterLike(inner, { classify: () => ({ code: 'ECONNRESET' as ErrorCode, retryable: true }) }),
  },
  {
    name: 'priority-costs-the-delay',
    of: 'memory',
    breaks: 'A message with a priority and a delay comes at once.',
    caughtBy: 'CAP-10',
    says: /came after \d+ ms, before its delay/,
    adapter: inner => mapOutgoing(inner, ({ priority }) => (priority > 0 ? { delay: 0 } : {})),
  },
  {
    name: 'levels-are-fewer-than-claimed',
    of: 'memory',
    breaks: 'Priorities above 99 are stored as 99.',
    caughtBy: 'CAP-11',
    says: /the priorities that came/,
    adapter: inner => mapOutgoing(inner, ({ priority }) => ({ priority: Math.min(99, priority) })),
  },
)

function claiming(inner: Adapter, changes: Partial<Capabilities>): Adapter {
  const capabilities = Object.freeze({ ...inner.capabilities, ...changes })
  return adapterLike(decorate(inner, { connection: () => ({ capabilities }) }), { capabilities })
}
