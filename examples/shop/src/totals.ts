import { createHash } from 'node:crypto'
import type { Broker } from '@pluribus/core'
import { addUp } from './adds-up.ts'
import { Books } from './books.ts'
import type { Ledger } from './ledger.ts'
import { payment, pipeline, type Station } from './model.ts'
import { FIXES } from './repair.ts'
import { unended } from './settled.ts'

/** What became of the messages of one subscription. */
export interface StationTotals {
  readonly topic: string
  readonly subscription: string
  /** Ids that the topic holds. */
  readonly history: number
  /** Ids that were handled, say the books. */
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

/** What became of everything, whoever did it, in however many runs: it is the broker that knows. */
export interface Stock {
  readonly subscriptions: readonly StationTotals[]
  /** Orders that were charged, each once, and what they come to. */
  readonly charged: { readonly orders: number; readonly pence: number }
  /** Orders that were given back to payment once the reason for which they had died was put right. */
  readonly redriven: Readonly<Record<string, number>>
  /** SHA-256 of the last states, one a line, sorted. */
  readonly digest: string
}

interface Inquiry {
  readonly broker: Broker
  readonly books: Books
  readonly ledger: Ledger
  readonly mayComeAgain: boolean
  /** Where the states of all subscriptions are collected. */
  readonly states: string[]
}

/** Counts, and checks id by id, what became of every message in every subscription. */
export async function takeStock(broker: Broker, ledger: Ledger, mayComeAgain: boolean): Promise<Stock> {
  const books = await Books.read(broker)
  const states: string[] = []
  const subscriptions: StationTotals[] = []
  for (const station of pipeline) {
    subscriptions.push(await takeStockOf(station, { broker, books, ledger, mayComeAgain, states }))
  }
  const digest = createHash('sha256').update(states.sort().join('')).digest('hex')
  return { subscriptions, charged: books.charged(), redriven: redrivenOf(books), digest }
}

async function takeStockOf(station: Station, inquiry: Inquiry): Promise<StationTotals> {
  const { broker, books, ledger, mayComeAgain, states } = inquiry
  const { name, topic } = station
  const ended = new Map<string, string>()
  for (const [id, { reason }] of books.done(name)) ended.set(id, `acked\t${reason}`)
  const handled = new Set(ended.keys())
  const history = new Set<string>()
  for await (const { id } of broker.history(topic)) history.add(id)
  const dead = new Set<string>()
  for await (const { message, reason } of broker.deadLetters(station)) {
    dead.add(message.id)
    ended.set(message.id, `dead\t${reason}`)
    // Its work may have been done by a process that ended before it could say so.
    if (reason === 'CRASHED') handled.delete(message.id)
  }
  const counted = unended(await broker.counts(station))
  for (const [id, state] of ended) states.push(`${name}\t${id}\t${state}\n`)

  return {
    ...{ topic: topic.name, subscription: name, outcomes: outcomesOf(ended) },
    ...{ history: history.size, handled: handled.size, dead: dead.size },
    ...addUp({ published: ledger.published(topic.name), history, handled, dead, counted, mayComeAgain }),
  }
}

/** How many ended as what, in the order of their names. */
function outcomesOf(ended: ReadonlyMap<string, string>): Record<string, number> {
  const outcomes = new Map<string, number>()
  for (const state of ended.values()) {
    const name = state.replace('\t', ' ')
    outcomes.set(name, (outcomes.get(name) ?? 0) + 1)
  }
  return Object.fromEntries([...outcomes].sort())
}

function redrivenOf(books: Books): Record<string, number> {
  const counts = Object.fromEntries([...FIXES.keys()].map(reason => [reason, 0]))
  for (const { reason } of books.redriven(payment.name).values()) {
    if (counts[reason] !== undefined) counts[reason] += 1
  }
  return counts
}
