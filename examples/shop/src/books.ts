import type { Broker } from '@pluribus/core'
import { books, type Entry } from './office.ts'

/** What the books say, whoever has written them, in however many runs. */
export class Books {
  readonly #done = new Map<string, Map<string, Entry>>()
  readonly #redriven = new Map<string, Map<string, Entry>>()

  static async read(broker: Broker): Promise<Books> {
    const read = new Books()
    for await (const { data } of broker.history(books)) read.#add(data)
    return read
  }

  /** What was done in a subscription, by message id. */
  done(subscription: string): ReadonlyMap<string, Entry> {
    return this.#done.get(subscription) ?? new Map()
  }

  /** What was given back to a subscription, by message id. */
  redriven(subscription: string): ReadonlyMap<string, Entry> {
    return this.#redriven.get(subscription) ?? new Map()
  }

  /** Orders that were charged, each once, and what they come to. */
  charged(): { readonly orders: number; readonly pence: number } {
    const charges = [...this.#done.values()]
      .flatMap(entries => [...entries.values()])
      .flatMap(({ pence }) => pence ?? [])
    return { orders: charges.length, pence: charges.reduce((sum, pence) => sum + pence, 0) }
  }

  #add(entry: Entry): void {
    const bySubscription = entry.what === 'done' ? this.#done : this.#redriven
    const entries = bySubscription.get(entry.subscription) ?? new Map<string, Entry>()
    bySubscription.set(entry.subscription, entries.set(entry.id, entry))
  }
}
