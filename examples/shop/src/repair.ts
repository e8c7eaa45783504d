import type { Broker } from '@pluribus/core'
import { payment } from './model.ts'
import type { Shop } from './shop.ts'

/** Why orders die in payment, and what can be done about it. */
const FIXES = new Map<string, (shop: Shop) => void>([
  ['NO_CUSTOMER', shop => shop.openGuestCheckout()],
  ['EXHAUSTED', shop => shop.gateway.repair()],
])

/**
 * Looks at what payment could not handle, fixes the causes, and gives those orders back to payment, and to it alone.
 * Answers how many were redriven, by the reason they had died of.
 */
export async function repair(broker: Broker, shop: Shop): Promise<Record<string, number>> {
  const redriven = Object.fromEntries([...FIXES.keys()].map(reason => [reason, 0]))
  const ids = new Set<string>()
  for await (const { message, reason } of broker.deadLetters(payment)) {
    const fix = FIXES.get(reason)
    if (fix === undefined || ids.has(message.id)) continue
    fix(shop)
    ids.add(message.id)
    redriven[reason] = (redriven[reason] ?? 0) + 1
  }
  shop.ledger.reopen(payment.name, [...ids])
  if (ids.size > 0) await broker.redrive(payment, { ids: [...ids] })
  return redriven
}
