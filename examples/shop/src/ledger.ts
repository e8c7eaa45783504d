import type { Broker, Context } from '@pluribus/core'
import type { LedgerFile } from './ledger-file.ts'
import { pipeline } from './model.ts'

/** How a message can end in a subscription. A retry is the end of a delivery, not of its message. */
export type Outcome = 'acked' | 'dead'

/** How many have ended how, for whoever watches. */
export interface Tally {
  acked: number
  dead: number
  retried: number
}

/**
 * What this process has seen, kept by the handlers, which explain, and by observers of the broker's events, which see deliveries
 * end. It ends with the process, unless it is written to a file; what has to outlive that is in the books.
 */
export class Ledger {
  readonly #published = new Map<string, Set<string>>()
  readonly #ended = new Map<string, Map<string, string>>()
  readonly #tallies = new Map<string, Tally>()
  readonly #explanations = new Map<string, string>()
  readonly #file: LedgerFile | undefined
  #latest = performance.now()
  #failures = 0
  #isFromTheBeginning = true

  constructor(file?: LedgerFile) {
    this.#file = file
  }

  observe(broker: Broker): void {
    broker.on('message.published', ({ topic, id }) => this.published(topic).add(id))
    broker.on('delivery.acked', ({ subscription, id }) => {
      // Acked again, it has been explained before.
      const reason = this.#explanations.get(`${subscription}\t${id}`) ?? this.#endedOf(subscription).get(id)
      this.#end(subscription, id, 'acked', reason ?? 'UNEXPLAINED')
    })
    broker.on('delivery.dead', ({ subscription, id, reason }) => {
      this.#failures += 1
      this.#end(subscription, id, 'dead', reason)
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
  explain({ subscription }: Context, id: string, reason: string): void {
    this.#explanations.set(`${subscription}\t${id}`, reason)
  }

  /** These are about to be redriven: they have not ended after all. */
  reopen(subscription: string, ids: readonly string[]): void {
    for (const id of ids) this.#endedOf(subscription).delete(id)
  }

  /** The ids that this process knows a topic to have stored. */
  published(topic: string): Set<string> {
    return entry(this.#published, topic, () => new Set())
  }

  /** There is more than what this process will see. */
  beginsLate(): void {
    this.#isFromTheBeginning = false
  }

  /** Whether everything has ended here that was published here, and nothing was there before. */
  isComplete(): boolean {
    return (
      this.#isFromTheBeginning &&
      pipeline.every(({ name, topic }) => this.#endedOf(name).size === this.published(topic.name).size)
    )
  }

  tally(subscription: string): Tally {
    return entry(this.#tallies, subscription, () => ({ acked: 0, dead: 0, retried: 0 }))
  }

  /** Whether nothing at all has ended here. */
  get isEmpty(): boolean {
    return this.#failures === 0 && pipeline.every(({ name }) => this.#endedOf(name).size === 0)
  }

  /** How often a run has failed, or a message died. */
  get failures(): number {
    return this.#failures
  }

  /** For how many milliseconds nothing has ended. */
  quietFor(): number {
    return performance.now() - this.#latest
  }

  #end(subscription: string, id: string, outcome: Outcome, reason: string): void {
    this.#endedOf(subscription).set(id, reason)
    this.tally(subscription)[outcome] += 1
    this.#explanations.delete(`${subscription}\t${id}`)
    this.#write(subscription, id, outcome, reason)
  }

  #endedOf(subscription: string): Map<string, string> {
    return entry(this.#ended, subscription, () => new Map())
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
