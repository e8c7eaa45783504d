import type { Broker } from '@pluribus/core'
import type { FaultOperation, UnreliableAdapter } from '@pluribus/core/testing'
import type { CaseContext } from './context.js'
import { noticesDeath } from './leases.js'

/** Cuts the link, as seen from both ends: where a client lives on, it is closed. */
export async function cutLink(it: CaseContext, adapter: UnreliableAdapter): Promise<void> {
  adapter.cut()
  if (!noticesDeath(it)) await adapter.dispose()
}

/** Cuts the links and refuses every attempt to connect until the outage is over, after `ms` milliseconds. */
export async function outage(it: CaseContext, adapters: readonly UnreliableAdapter[], ms: number): Promise<void> {
  for (const adapter of adapters) adapter.refuse()
  for (const adapter of adapters) await cutLink(it, adapter)
  await it.elapse(ms)
  for (const adapter of adapters) adapter.accept()
}

/**
 * The process of a broker object dies without a word, and nothing of it is left but what it held. That comes back when its
 * leases end, or when the broker misses it.
 */
export async function die(it: CaseContext, broker: Broker, adapter: UnreliableAdapter): Promise<void> {
  adapter.kill()
  await bury(it, broker, adapter)
}

/** For a process that was killed from within: ends what a real one's death would have ended by itself. */
export async function bury(it: CaseContext, broker: Broker, adapter: UnreliableAdapter): Promise<void> {
  await broker.close({ drain: 0 })
  if (!noticesDeath(it)) await adapter.dispose()
}

const EVERYTHING: readonly FaultOperation[] = [
  ...([
    'connect',
    'declare',
    'maintain',
    'close',
    'publish',
    'publishSequenced',
    'position',
    'open',
    'remove',
  ] as const),
  ...([
    'pull',
    'mark',
    'settle',
    'renew',
    'closeSource',
    'topics',
    'subscriptions',
    'history',
    'find',
    'trim',
  ] as const),
  ...(['deadLetters', 'redrive', 'discard', 'counts'] as const),
]

/** The link swallows every call, and nobody is told, until what is returned is called. */
export function blackhole(adapter: UnreliableAdapter): () => void {
  const ends = EVERYTHING.map(operation => adapter.hold(operation))
  return () => {
    for (const end of ends) end()
  }
}
