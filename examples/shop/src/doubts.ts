import type { Broker } from '@pluribus/core'
import type { Ledger } from './ledger.ts'
import { pipeline, type Station } from './model.ts'

/**
 * A connection that breaks between an ack and its confirmation leaves a delivery without an end: the broker has settled
 * it, and nobody here was told. So has it with a dead letter. Once the broker has nothing left to deliver, there is no
 * doubt any more: what is among the dead letters has died, and what a handler says it has finished has been acked.
 */
export async function resolveDoubts(broker: Broker, ledger: Ledger): Promise<void> {
  for (const station of pipeline) {
    if (ledger.open(station).size > 0) await resolve(broker, ledger, station)
  }
}

async function resolve(broker: Broker, ledger: Ledger, station: Station): Promise<void> {
  const open = ledger.open(station)
  for await (const { message, reason } of broker.deadLetters(station)) {
    if (open.delete(message.id)) ledger.end(station.name, message.id, 'dead', reason)
  }
  for (const id of open) {
    const reason = ledger.explanation(station.name, id)
    if (reason !== undefined) ledger.end(station.name, id, 'acked', reason)
  }
}
