import type { Clock } from '../driver/environment.js'
import { isThenable } from '../engine/is-thenable.js'
import {
  HandlerRun,
  type HistoryPoint,
  overlap,
  type RecordableContext,
  type RecordableMessage,
  type RecordedRun,
  type RunLabels,
} from './handler-run.js'

/**
 * Something else that happened, in one order with the runs.
 *
 * @example
 * ```ts
 * import type { RecordedEvent } from '@pluribus/core/testing'
 *
 * const names = (events: readonly RecordedEvent[]) => events.map(event => event.name)
 * ```
 */
export interface RecordedEvent {
  readonly name: string
  readonly details: unknown
  /** Milliseconds of the recorder's monotonic clock. */
  readonly time: number
  readonly order: number
}

/**
 * The history of handler runs, and of whatever else a test reports, for judging afterwards. Nothing is read of a message
 * but its id, topic and key, and of the context but its attempt: what is made when first read stays unmade.
 *
 * @example
 * ```ts
 * import { createBroker, topic } from '@pluribus/core'
 * import { Recorder, VirtualClock } from '@pluribus/core/testing'
 *
 * const orders = topic<{ id: string }>('orders.placed')
 * const billing = orders.subscription('billing')
 * const clock = new VirtualClock()
 * const recorder = new Recorder(clock)
 * const broker = await clock.run(createBroker({ adapter: 'memory:', environment: clock.environment() }))
 * await clock.run(broker.subscribe(billing, recorder.handler(() => clock.sleep(50))))
 * await clock.run(broker.publish(orders, { id: '1' }))
 * await clock.until(() => recorder.runs.length === 1)
 * if (recorder.overlapping().length > 0) throw new Error('two runs of one message at once')
 * ```
 */
export class Recorder {
  readonly #clock: Pick<Clock, 'monotonic'>
  readonly #runs: HandlerRun[] = []
  readonly #events: RecordedEvent[] = []
  #order = 0

  constructor(clock: Pick<Clock, 'monotonic'>) {
    this.#clock = clock
  }

  /** Every run, in the order in which they began. */
  get runs(): readonly RecordedRun[] {
    return this.#runs
  }

  get events(): readonly RecordedEvent[] {
    return this.#events
  }

  /**
   * A handler that records each run and then returns or throws what `behaviour` does; without one it returns nothing.
   * It is synchronous where the behaviour is.
   */
  handler<M extends RecordableMessage, C extends RecordableContext, R = void>(
    behaviour?: (message: M, context: C) => R,
    labels: RunLabels = {},
  ): (message: M, context: C) => R {
    return (message, context) => {
      const run = new HandlerRun(message, context, labels, this.#now())
      this.#runs.push(run)
      try {
        const returned = behaviour?.(message, context) as R
        if (isThenable(returned)) return this.#follow(run, returned) as R
        run.end('returned', returned, this.#now())
        return returned
      } catch (thrown) {
        run.end('threw', thrown, this.#now())
        throw thrown
      }
    }
  }

  /** Reports something else that happened. */
  event(name: string, details?: unknown): void {
    const { time, order } = this.#now()
    this.#events.push({ name, details, time, order })
  }

  /** A process was killed: its running handlers end here, as they would with a real one. */
  died(process: string): void {
    for (const run of this.#runs) if (run.process === process) run.end('died', undefined, this.#now())
  }

  /** The message ids in the order in which runs began; an id stands there once per run. */
  ids(): readonly string[] {
    return this.#runs.map(run => run.id)
  }

  runsOf(id: string): readonly RecordedRun[] {
    return this.#runs.filter(run => run.id === id)
  }

  /** Pairs of runs, of one message or of one key within a subscription, of which the later began before the earlier ended. */
  overlapping(by: 'id' | 'key' = 'id'): readonly (readonly [earlier: RecordedRun, later: RecordedRun])[] {
    const groups = new Map<string, RecordedRun[]>()
    const pairs: (readonly [RecordedRun, RecordedRun])[] = []
    for (const run of this.#runs) {
      if (run[by] === undefined) continue
      const group = JSON.stringify([run.topic, run.subscription, run[by]])
      const before = groups.get(group) ?? []
      for (const earlier of before) if (overlap(earlier, run)) pairs.push([earlier, run])
      groups.set(group, [...before, run])
    }
    return pairs
  }

  /** The most runs that were under way at once. */
  maxConcurrent(): number {
    const steps = this.#runs.flatMap(run => [
      { order: run.began, change: 1 },
      ...(run.finished === undefined ? [] : [{ order: run.finished, change: -1 }]),
    ])
    let now = 0
    let most = 0
    for (const { change } of steps.sort((a, b) => a.order - b.order)) {
      now += change
      most = Math.max(most, now)
    }
    return most
  }

  async #follow(run: HandlerRun, returned: PromiseLike<unknown>): Promise<unknown> {
    try {
      const result = await returned
      run.end('returned', result, this.#now())
      return result
    } catch (thrown) {
      run.end('threw', thrown, this.#now())
      throw thrown
    }
  }

  #now(): HistoryPoint {
    return { time: this.#clock.monotonic(), order: this.#order++ }
  }
}
