import type { Discipline } from '../driver/discipline.js'
import { PluribusError } from '../errors/pluribus-error.js'
import { checkInteger, checkOptions } from './options.js'

/** First come, first served: the default. */
const FIFO: Discipline = Object.freeze({ kind: 'fifo', levels: 1, atLeast: 'exact' })

/**
 * How loosely an order may be kept: `windowed` accepts brokers that can order only what a process has fetched.
 *
 * @example
 * ```ts
 * import { lifo, type OrderOptions } from '@pluribus/core'
 *
 * const loose: OrderOptions = { atLeast: 'windowed' }
 * const newestFirst = lifo(loose)
 * ```
 */
export interface OrderOptions {
  /** Default: `exact`. */
  readonly atLeast?: 'exact' | 'windowed'
}

/**
 * First in, first out: messages are begun in the order in which they were published. The default.
 *
 * @example
 * ```ts
 * import { fifo, topic } from '@pluribus/core'
 *
 * const billing = topic('orders.placed').subscription('billing', { discipline: fifo() })
 * ```
 */
export const fifo = (): Discipline => FIFO

/**
 * Last in, first out: the latest message that waits is begun next. Messages of one key keep the order of their key.
 *
 * @throws PluribusError `INVALID_ARGUMENT` for an unknown option.
 * @example
 * ```ts
 * import { lifo, topic } from '@pluribus/core'
 *
 * const preview = topic('pages.changed').subscription('preview', { discipline: lifo() })
 * ```
 */
export function lifo(options: OrderOptions = {}): Discipline {
  return Object.freeze({ kind: 'lifo', levels: 1, atLeast: atLeastOf(options, ['atLeast'], 'lifo') })
}

/**
 * Larger priorities first, first in first out within one. A message published with a priority above `levels - 1` counts
 * as `levels - 1` in this subscription. Messages of one key keep the order of their key, whatever their priorities.
 *
 * @param options `levels`: 2 to 256, default 10. `atLeast`: default `exact`.
 * @throws PluribusError `INVALID_ARGUMENT` for levels out of range or an unknown option.
 * @example
 * ```ts
 * import { priority, topic } from '@pluribus/core'
 *
 * const express = topic('orders.placed').subscription('express', { discipline: priority({ levels: 3 }) })
 * ```
 */
export function priority(options: OrderOptions & { readonly levels?: number } = {}): Discipline {
  const atLeast = atLeastOf(options, ['atLeast', 'levels'], 'priority')
  const levels = options.levels === undefined ? 10 : checkInteger(options.levels, 'priority levels', 2, 256)
  return Object.freeze({ kind: 'priority', levels, atLeast })
}

function atLeastOf(options: OrderOptions, known: readonly string[], what: string): 'exact' | 'windowed' {
  checkOptions(options, known, `${what}()`)
  const { atLeast = 'exact' } = options
  if (atLeast === 'exact' || atLeast === 'windowed') return atLeast
  throw new PluribusError('INVALID_ARGUMENT', `${what}(): atLeast is 'exact' or 'windowed', not ${String(atLeast)}.`)
}
