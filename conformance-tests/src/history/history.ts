import type { Clock } from '@pluribus/core/driver'
import type { HistoryEvent, HistoryFact } from './event.js'
import { merge } from './merge.js'

/** Hears of each event; `undefined`: something that is no event has changed. */
type Listener = (event: HistoryEvent | undefined) => void

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
  readonly #foreign = new Map<string, HistoryEvent[]>()
  readonly #listeners = new Set<Listener>()
  #numbers = 0

  constructor(clock: Pick<Clock, 'monotonic'>) {
    this.#clock = clock
  }

  /** Everything that was recorded here, oldest first. */
  get events(): readonly HistoryEvent[] {
    return this.#events
  }

  /** Everything, that of other processes included, in one order: what is judged. */
  get whole(): readonly HistoryEvent[] {
    return merge([this.#events, ...this.#foreign.values()])
  }

  /** Adds what another process has recorded, by the same clock; `origin` tells processes apart. */
  absorb(origin: string, event: HistoryEvent): void {
    const events = this.#foreign.get(origin) ?? []
    this.#foreign.set(origin, events)
    events.push(event)
    this.#tell(event)
  }

  /** Has listeners look again: something that is no event has changed. */
  touch(): void {
    this.#tell()
  }

  /** Adds what has just happened; answers its position. */
  add(process: string, fact: HistoryFact): number {
    const at = this.#events.length
    const event: HistoryEvent = { ...fact, at, time: this.#clock.monotonic(), process }
    this.#events.push(event)
    this.#tell(event)
    return at
  }

  /** A number that nothing else in this history has. */
  number(): number {
    return ++this.#numbers
  }

  /**
   * Calls back after each event, those of other processes included, as they come; answers how to stop that. `undefined`:
   * something that is no event has changed.
   */
  onEvent(listener: (event: HistoryEvent | undefined) => void): () => void {
    this.#listeners.add(listener)
    return () => void this.#listeners.delete(listener)
  }

  #tell(event?: HistoryEvent): void {
    for (const listener of [...this.#listeners]) listener(event)
  }
}
