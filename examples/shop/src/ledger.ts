import { createHash } from 'node:crypto'
import type { Broker, Context, Message } from '@pluribus/core'
import type { LedgerFile } from './ledger-file.ts'

/** How a delivery can end for good. A retry is the end of a delivery, not of its message. */
export type Outcome = 'acked' | 'dead'

/** The state of a message in a subscription. */
interface State {
  readonly outcome: Outcome
  readonly reason: string
}

/** How many deliveries have ended how, for whoever watches. */
export interface Tally {
  acked: number
  dead: number
  retried: number
}

/** Whatever a handler or the broker says, on one line and in one column. */
const column = (text: string): string => text.replace(/\s+/g, ' ')

/**
 * The shop's own record of what became of every message in every subscription, kept by the handlers, which explain, and
 * by observers of the broker's events, which see deliveries end.
 *
 * Only `acked` and `dead` are states. A message that is delivered again after its end, as at least once allows, ends in
 * the same state again, because what happens to it depends on nothing but itself. So the last states, and their digest,
 * do not depend on speed, concurrency or broker, where the number of retries may.
 */
export class Ledger {
  readonly #published = new Map<string, Set<string>>()
  readonly #states = new Map<string, Map<string, State>>()
  readonly #tallies = new Map<string, Tally>()
  readonly #explanations = new Map<string, string>()
  readonly #file: LedgerFile | undefined

  constructor(file?: LedgerFile) {
    this.#file = file
  }

  observe(broker: Broker): void {
    broker.on('message.published', ({ topic, id }) => this.published(topic).add(id))
    broker.on('delivery.acked', ({ subscription, id }) =>
      this.#end(subscription, id, 'acked', this.#explained(subscription, id)),
    )
    broker.on('delivery.dead', ({ subscription, id, reason }) => this.#end(subscription, id, 'dead', reason))
    broker.on('delivery.retried', ({ subscription, id, error }) => {
      this.tally(subscription).retried += 1
      this.#file?.write(subscription, id, 'retried', column(error.message))
    })
    broker.on('delivery.released', ({ subscription, id }) => this.#file?.write(subscription, id, 'released', '-'))
    broker.on('delivery.lost', ({ subscription, id }) => this.#file?.write(subscription, id, 'lost', '-'))
  }

  /** What a handler has done, said before it returns: the reason of the ack. */
  explain({ subscription }: Context, { id }: Message<unknown>, reason: string): void {
    this.#explanations.set(`${subscription}\t${id}`, reason)
  }

  /** These are about to be redriven: they have not ended after all. */
  reopen(subscription: string, ids: readonly string[]): void {
    for (const id of ids) this.#forget(subscription, id)
  }

  /** The ids that a topic is known to have stored. */
  published(topic: string): Set<string> {
    return entry(this.#published, topic, () => new Set())
  }

  /** The last state of each message that has ended in a subscription. */
  states(subscription: string): Map<string, State> {
    return entry(this.#states, subscription, () => new Map())
  }

  tally(subscription: string): Tally {
    return entry(this.#tallies, subscription, () => ({ acked: 0, dead: 0, retried: 0 }))
  }

  /** SHA-256 of the last states, one a line, sorted. */
  digest(): string {
    const lines: string[] = []
    for (const [subscription, states] of this.#states) {
      for (const [id, { outcome, reason }] of states) lines.push(`${subscription}\t${id}\t${outcome}\t${reason}\n`)
    }
    return createHash('sha256').update(lines.sort().join('')).digest('hex')
  }

  #end(subscription: string, id: string, outcome: Outcome, said: string): void {
    const reason = column(said)
    this.#forget(subscription, id)
    this.tally(subscription)[outcome] += 1
    this.states(subscription).set(id, { outcome, reason })
    this.#file?.write(subscription, id, outcome, reason)
  }

  #forget(subscription: string, id: string): void {
    const states = this.states(subscription)
    const state = states.get(id)
    if (state === undefined) return
    this.tally(subscription)[state.outcome] -= 1
    states.delete(id)
  }

  #explained(subscription: string, id: string): string {
    const key = `${subscription}\t${id}`
    const reason = this.#explanations.get(key)
    this.#explanations.delete(key)
    return reason ?? this.states(subscription).get(id)?.reason ?? 'UNEXPLAINED'
  }
}

function entry<V>(map: Map<string, V>, key: string, make: () => V): V {
  const found = map.get(key)
  if (found !== undefined) return found
  const made = make()
  map.set(key, made)
  return made
}
