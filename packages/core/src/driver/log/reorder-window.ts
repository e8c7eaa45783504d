import { type Discipline, type QueueDiscipline, queueDiscipline, type Ranked } from '../discipline.js'
import { ScoreHeap } from './score-heap.js'

/** Places are below this, so that a band outweighs any of them. */
const BAND = 2 ** 44

/**
 * What has been delivered to this process and not been handed out, in the order of the discipline: a windowed order, exact
 * within what is here. Stable: within a band by place. A place is any whole number below 2^43 in either direction: what
 * comes back (released, or due again) is added at the place that it had. Keys are a {@link KeyGate}'s, in front of it: only
 * the head of a key stands here, so that the key's order wins.
 *
 * @example
 * ```ts
 * import { ReorderWindow } from '@pluribus/core/driver'
 *
 * const window = new ReorderWindow<{ id: string; priority: number }>({ kind: 'priority', levels: 10, atLeast: 'windowed' })
 * window.add({ id: 'calm', priority: 0 }, 1)
 * window.add({ id: 'urgent', priority: 9 }, 2)
 * window.shift()?.id // 'urgent'
 * ```
 */
export class ReorderWindow<T extends Ranked> {
  readonly #discipline: QueueDiscipline
  readonly #heap = new ScoreHeap<T>()

  constructor(discipline: Discipline) {
    this.#discipline = queueDiscipline(discipline)
  }

  get size(): number {
    return this.#heap.size
  }

  /** What would be handed out next. */
  get first(): T | undefined {
    return this.#heap.first
  }

  add(item: T, place: number): void {
    this.#heap.add(item, this.#discipline.band(item) * BAND + this.#discipline.direction * place)
  }

  shift(): T | undefined {
    return this.#heap.shift()
  }

  /** Takes out every item that matches, as when a partition is taken away. */
  remove(matches: (item: T) => boolean): readonly T[] {
    return this.#heap.remove(matches)
  }
}
