import type { SubscriptionName } from '@pluribus/core/driver'
import { bareHeaders } from './codec.js'
import type { Item, RunRecord } from './item.js'
import type { Link } from './link.js'
import type { Entry } from './outlet.js'

/** A record as it was found. */
export interface FoundRun {
  readonly record: RunRecord
  /** Its own position; 0 where there is none. */
  readonly at: number
}

const NOTHING: FoundRun = Object.freeze({
  record: Object.freeze({ count: 0, losses: 0, marks: 0, failures: 0, errors: [] }),
  at: 0,
})

/**
 * What is known of messages that have come back. The server counts deliveries, and does not know why one ended: whoever gives one
 * back in order says so here, and what nobody has accounted for was lost with its process.
 */
export class Runs {
  readonly #link: Link
  readonly #subscription: SubscriptionName

  constructor(link: Link, subscription: SubscriptionName) {
    this.#link = link
    this.#subscription = subscription
  }

  async find(position: number): Promise<FoundRun> {
    const { manager, names } = this.#link
    const stream = names.state(this.#subscription.topic)
    const found = await manager.direct.getMessage(stream, { last_by_subj: names.run(this.#subscription, position) })
    return found === null ? NOTHING : { record: JSON.parse(Buffer.from(found.data).toString()), at: found.seq }
  }

  /**
   * Messages from a position on of which something is known. A server that was killed has forgotten its latest deliveries: it makes
   * them again as if they were the first.
   */
  async knownFrom(position: number): Promise<ReadonlySet<number>> {
    const { manager, names } = this.#link
    const filter = names.runs(this.#subscription)
    const { state } = await manager.streams.info(names.state(this.#subscription.topic), { subjects_filter: filter })
    const positions = Object.keys(state.subjects ?? {}).map(subject => Number(subject.slice(filter.length - 1)))
    return new Set(positions.filter(one => one >= position))
  }

  entry(position: number, record: RunRecord): Entry {
    const subject = this.#link.names.run(this.#subscription, position)
    return { subject, headers: bareHeaders({}), payload: JSON.stringify(record) }
  }

  /** They are settled: nobody asks for these again. What cannot be deleted is looked at by nobody either. */
  forget(items: readonly Item[]): void {
    const { manager, names, environment } = this.#link
    const stream = names.state(this.#subscription.topic)
    for (const { record } of items) {
      manager.streams.deleteMessage(stream, record, false).catch((error: unknown) => {
        environment.logger.debug({ error }, 'A record of a settled message could not be deleted.')
      })
    }
  }
}

/** Losses and marks of a delivery: the `count`th. `isOurs`: the one before it ended here, and is no loss. */
export function lossesOf({ record }: FoundRun, count: number, isOurs: boolean): { losses: number; marks: number } {
  const unaccounted = Math.max(0, count - 1 - record.count - (isOurs ? 1 : 0))
  const marks = record.marks + (record.isMarked === true && unaccounted > 0 ? 1 : 0)
  return { losses: record.losses + unaccounted, marks }
}

/** Given back: nothing is counted. */
export const released = ({ count, losses, marks, failures, errors }: Item): RunRecord => ({
  count,
  losses,
  marks,
  failures,
  errors,
})

/** It stays in hand, and is not marked. Where that ends without a word, it is lost. */
export const kept = (item: Item): RunRecord => ({ ...released(item), count: item.count - 1 })

/** About to be run alone. */
export const marked = ({ count, losses, marks, failures, errors }: Item): RunRecord => ({
  count: count - 1,
  losses,
  marks,
  failures,
  errors,
  isMarked: true,
})
