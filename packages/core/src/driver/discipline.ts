/**
 * What decides a message's band.
 *
 * @example
 * ```ts
 * import type { Ranked } from '@pluribus/core/driver'
 *
 * const isExpress = ({ priority }: Ranked) => priority > 0
 * ```
 */
export interface Ranked {
  readonly priority: number
}

/**
 * The order in which a subscription hands out what is ready, as it is stored.
 *
 * @example
 * ```ts
 * import { priority, type Discipline } from '@pluribus/core'
 *
 * const express: Discipline = priority({ levels: 3 })
 * ```
 */
export interface Discipline {
  readonly kind: 'fifo' | 'lifo' | 'priority'
  /** Bands of priority; 1 for fifo and lifo. */
  readonly levels: number
  /** The weakest form the subscription accepts: `exact`, or `windowed` (ordered only within what a process has fetched). */
  readonly atLeast: 'exact' | 'windowed'
}

/**
 * A discipline as the brokers of the index family compute it: smallest `band`, then smallest `direction · place`, is served first.
 *
 * @example
 * ```ts
 * import { queueDiscipline, type QueueDiscipline } from '@pluribus/core/driver'
 *
 * const discipline: QueueDiscipline = queueDiscipline({ kind: 'priority', levels: 10, atLeast: 'exact' })
 * discipline.band({ priority: 9 }) // 0: served first
 * ```
 */
export interface QueueDiscipline {
  readonly kind: 'fifo' | 'lifo' | 'priority'
  readonly levels: number
  readonly direction: 1 | -1
  band(message: Ranked): number
}

/**
 * The order of a stored discipline. A priority above `levels - 1` counts as `levels - 1` in that subscription.
 *
 * @example
 * ```ts
 * import { queueDiscipline } from '@pluribus/core/driver'
 *
 * queueDiscipline({ kind: 'lifo', levels: 1, atLeast: 'exact' }).direction // -1
 * ```
 */
export function queueDiscipline(discipline: Discipline): QueueDiscipline {
  const { kind, levels } = discipline
  const direction = kind === 'lifo' ? -1 : 1
  if (kind !== 'priority') return Object.freeze({ kind, levels: 1, direction, band: () => 0 })
  const top = levels - 1
  return Object.freeze({ kind, levels, direction, band: (message: Ranked) => top - Math.min(message.priority, top) })
}
