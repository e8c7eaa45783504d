import type { Broker } from '@pluribus/core'
import { payment, pipeline, type Station } from './model.ts'
import { books, type Entry, entryId, type Notice } from './office.ts'
import { patiently } from './patiently.ts'
import type { Shop } from './shop.ts'

/** Why orders die in payment, and what is done about it. */
export const FIXES = new Map<string, Notice>([
  ['NO_CUSTOMER', { notice: 'NO_CUSTOMER', text: 'There is a guest checkout now.' }],
  ['EXHAUSTED', { notice: 'EXHAUSTED', text: 'The gateway is repaired.' }],
])

/** What may befall a message anywhere when processes are killed, and needs no fix: it is tried again. */
const ACCIDENTS = new Set(['CRASHED', 'EXHAUSTED'])

/** How many messages were given back to a subscription, by the reason they had died of. */
export type Redriven = Readonly<Record<string, Readonly<Record<string, number>>>>

/**
 * Looks at what could not be handled, fixes the causes, and gives those messages back to the subscription in which they have died, and
 * to it alone. Orders without an address stay where they are.
 */
export async function repair(broker: Broker, shop: Shop): Promise<Redriven> {
  const redriven: Record<string, Record<string, number>> = {}
  for (const station of pipeline) {
    const entries = await patiently(() => curable(broker, station))
    if (entries.length === 0) continue
    await redrive(broker, shop, station, entries)
    const byReason: Record<string, number> = {}
    for (const { reason } of entries) byReason[reason] = (byReason[reason] ?? 0) + 1
    redriven[station.name] = byReason
  }
  return redriven
}

async function curable(broker: Broker, station: Station): Promise<readonly Entry[]> {
  const entries = new Map<string, Entry>()
  for await (const { message, reason } of broker.deadLetters(station)) {
    const isCurable = ACCIDENTS.has(reason) || (station === payment && FIXES.has(reason))
    const { id } = message
    if (isCurable) entries.set(id, { what: 'redriven', subscription: station.name, id, reason })
  }
  return [...entries.values()]
}

/** The fix first, then the books, then the redrive: a process that is killed in between begins all of it again. */
async function redrive(broker: Broker, shop: Shop, station: Station, entries: readonly Entry[]): Promise<void> {
  for (const reason of new Set(entries.map(entry => entry.reason))) {
    const fix = station === payment ? FIXES.get(reason) : undefined
    if (fix !== undefined) await patiently(() => shop.board.put(fix))
  }
  const items = entries.map(entry => ({ id: entryId(entry), data: entry }))
  await patiently(() => broker.publishMany(books, items))
  const ids = entries.map(({ id }) => id)
  shop.ledger.reopen(station.name, ids)
  await patiently(() => broker.redrive(station, { ids }))
}
