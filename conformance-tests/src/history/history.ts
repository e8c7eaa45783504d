import type { Clock } from '@pluribus/core/driver'
import type { HistoryEvent, HistoryFact } from './event.js'

/**
 * What happened, in one order: recorded while a case or a soak test runs, judged afterwards by {@link checkHistory}.
 *
 * @example
 * ```ts
 * import { checkHistory, History, recordAdapter } from '@pluribus/conformance'
 * import { createBroker } from '@pluribus/core'
 * import { memory } from '@pluribus/memory'
 *
 * const history = new History({ monotonic: () => performance.now() })
 * const adapter = recordAdapter(memory(), history, 'first')
 * await using broker = await createBroker({ adapter })
 * const anomalies = checkHistory(history.events, broker.capabilities)
 * ```
 */
export class History {
  readonly #clock: Pick<Clock, 'monotonic'>
  readonly #events: HistoryEvent[] = []
  readonly #listeners = new Set<() => void>()
  #numbers = 0

  constructor(clock: Pick<Clock, 'monotonic'>) {
    this.#clock = clock
  }

  /** Everything, oldest first. */
  get events(): readonly HistoryEvent[] {
    return this.#events
  }

  /** Adds what has just happened; answers its position. */
  add(process: string, fact: HistoryFact): number {
    const at = this.#events.length
    this.#events.push({ ...fact, at, time: this.#clock.monotonic(), process })
    for (const listener of [...this.#listeners]) listener()
    return at
  }

  /** A number that nothing else in this history has. */
  number(): number {
    return ++this.#numbers
  }

  /** Calls back after each event; answers how to stop that. */
  onEvent(listener: () => void): () => void {
    this.#listeners.add(listener)
    return () => void this.#listeners.delete(listener)
  }
}
