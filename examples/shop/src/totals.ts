import type { Broker } from '@pluribus/core'
import { addUp } from './adds-up.ts'
import type { Ledger } from './ledger.ts'
import { pipeline, type Station } from './model.ts'
import { unended } from './settled.ts'

/** What became of the messages of one subscription. */
export interface StationTotals {
  readonly topic: string
  readonly subscription: string
  /** Ids that the topic holds. */
  readonly history: number
  /** Ids that the handlers acked, says the ledger. */
  readonly handled: number
  /** Ids among the broker's dead letters. */
  readonly dead: number
  /** How many the broker still has to deliver. */
  readonly waiting: number
  /** How many ended as what, and why. */
  readonly outcomes: Readonly<Record<string, number>>
  /** What does not add up: empty, or something is wrong with the broker, or with this program. */
  readonly problems: readonly string[]
}

/** Counts, and checks id by id, what became of every message in every subscription. */
export async function takeStock(broker: Broker, ledger: Ledger): Promise<readonly StationTotals[]> {
  const totals: StationTotals[] = []
  for (const station of pipeline) totals.push(await takeStockOf(broker, ledger, station))
  return totals
}

async function takeStockOf(broker: Broker, ledger: Ledger, station: Station): Promise<StationTotals> {
  const { name, topic } = station
  const states = ledger.states(name)
  const handled = new Set<string>()
  for (const [id, { outcome }] of states) if (outcome === 'acked') handled.add(id)
  const history = new Set<string>()
  for await (const { id } of broker.history(topic)) history.add(id)
  const dead = new Set<string>()
  for await (const { message } of broker.deadLetters(station)) dead.add(message.id)
  const published = ledger.published(topic.name)
  const counted = unended(await broker.counts(station))

  return {
    ...{ topic: topic.name, subscription: name, outcomes: outcomesOf(states) },
    ...{ history: history.size, handled: handled.size, dead: dead.size },
    ...addUp({ published, history, handled, dead, counted }),
  }
}

function outcomesOf(states: ReturnType<Ledger['states']>): Record<string, number> {
  const outcomes = new Map<string, number>()
  for (const { outcome, reason } of states.values()) {
    const name = `${outcome} ${reason}`
    outcomes.set(name, (outcomes.get(name) ?? 0) + 1)
  }
  return Object.fromEntries([...outcomes].sort())
}
