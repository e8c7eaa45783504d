import { createHash } from 'node:crypto'
import type { Broker, Context, Message } from '@pluribus/core'
import type { LedgerFile } from './ledger-file.ts'
import type { Station } from './model.ts'

/** How a message can end in a subscription. A retry is the end of a delivery, not of its message. */
export type Outcome = 'acked' | 'dead'

export interface State {
  readonly outcome: Outcome
  readonly reason: string
}

/** How many have ended how, for whoever watches. */
export interface Tally {
  acked: number
  dead: number
  retried: number
}

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
  #latest = performance.now()
  #failures = 0

  constructor(file?: LedgerFile) {
    this.#file = file
  }

  observe(broker: Broker): void {
    broker.on('message.published', ({ topic, id }) => this.published(topic).add(id))
    broker.on('delivery.acked', ({ subscription, id }) => {
      // Acked again, it has been explained before.
      const reason = this.explanation(subscription, id) ?? this.states(subscription).get(id)?.reason
      this.end(subscription, id, 'acked', reason ?? 'UNEXPLAINED')
    })
    broker.on('delivery.dead', ({ subscription, id, reason }) => {
      this.#failures += 1
      this.end(subscription, id, 'dead', reason)
    })
    broker.on('delivery.retried', ({ subscription, id, error }) => {
      this.#failures += 1
      this.tally(subscription).retried += 1
      this.#write(subscription, id, 'retried', error.message)
    })
    broker.on('delivery.released', ({ subscription, id }) => this.#write(subscription, id, 'released', '-'))
    broker.on('delivery.lost', ({ subscription, id }) => this.#write(subscription, id, 'lost', '-'))
  }

  /** What a handler has done, said before it returns: the reason of the ack. */
  explain({ subscription }: Context, { id }: Message<unknown>, reason: string): void {
    this.#explanations.set(`${subscription}\t${id}`, reason)
  }

  /** What a handler has said of a message whose ack has not been seen yet. */
  explanation(subscription: string, id: string): string | undefined {
    return this.#explanations.get(`${subscription}\t${id}`)
  }

  end(subscription: string, id: string, outcome: Outcome, reason: string): void {
    this.reopen(subscription, [id])
    this.states(subscription).set(id, { outcome, reason })
    this.tally(subscription)[outcome] += 1
    this.#explanations.delete(`${subscription}\t${id}`)
    this.#write(subscription, id, outcome, reason)
  }

  /** These are about to be redriven: they have not ended after all. */
  reopen(subscription: string, ids: readonly string[]): void {
    const states = this.states(subscription)
    for (const id of ids) {
      const state = states.get(id)
      if (state !== undefined) this.tally(subscription)[state.outcome] -= 1
      states.delete(id)
    }
  }

  /** The ids that a topic is known to have stored. */
  published(topic: string): Set<string> {
    return entry(this.#published, topic, () => new Set())
  }

  /** The last state of each message that has ended in a subscription. */
  states(subscription: string): Map<string, State> {
    return entry(this.#states, subscription, () => new Map())
  }

  /** The ids that were published and have not ended. */
  open({ name, topic }: Station): Set<string> {
    const states = this.states(name)
    return new Set([...this.published(topic.name)].filter(id => !states.has(id)))
  }

  tally(subscription: string): Tally {
    return entry(this.#tallies, subscription, () => ({ acked: 0, dead: 0, retried: 0 }))
  }

  /** How often a run has failed, or a message died. */
  get failures(): number {
    return this.#failures
  }

  /** For how many milliseconds nothing has ended. */
  quietFor(): number {
    return performance.now() - this.#latest
  }

  /** SHA-256 of the last states, one a line, sorted. */
  digest(): string {
    const lines: string[] = []
    for (const [subscription, states] of this.#states) {
      for (const [id, { outcome, reason }] of states) lines.push(`${subscription}\t${id}\t${outcome}\t${reason}\n`)
    }
    return createHash('sha256').update(lines.sort().join('')).digest('hex')
  }

  #write(...columns: readonly string[]): void {
    this.#latest = performance.now()
    this.#file?.write(columns)
  }
}

function entry<V>(map: Map<string, V>, key: string, make: () => V): V {
  const found = map.get(key)
  if (found !== undefined) return found
  const made = make()
  map.set(key, made)
  return made
}
