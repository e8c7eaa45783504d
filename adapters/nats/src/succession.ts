import type { Msg } from '@nats-io/transport-node'
import type { ConsumerGeneration, SubscriptionName } from '@pluribus/core/driver'
import { replaced } from '@pluribus/core/driver'
import type { Item } from './item.js'

/** Takes what has been sent to somebody who is over: handed out at that time or later, monotonic milliseconds. */
export type Heir = (message: Msg, since: number) => void

/** A source, as the next one of its consumer sees it. */
export interface Predecessor {
  /** Who has handed out what it holds. */
  readonly server: string
  /** It is over: answers what it held. What arrives late goes to `heir`. */
  surrender(heir: Heir): Promise<readonly Item[]>
}

interface Entry {
  readonly generation: number
  readonly source: Predecessor
}

/**
 * Which source follows which. The server waits for a word of each delivery, and takes it over any connection: what a source held
 * when it ended is kept here, in its process, until the next one of its consumer takes it over, or the server gives it to others.
 */
export class Succession {
  readonly #entries = new Map<string, Entry>()

  /** Answers the source before; throws `STALE` where a later one has been opened. */
  follow(key: string, { generation }: ConsumerGeneration, source: Predecessor): Predecessor | undefined {
    const before = this.#entries.get(key)
    if (before !== undefined && before.generation >= generation) throw replaced('open')
    this.#entries.set(key, { generation, source })
    return before?.source
  }

  /** Nobody follows this one. */
  end(key: string, source: Predecessor): void {
    if (this.#entries.get(key)?.source === source) this.#entries.delete(key)
  }
}

/** Who a source belongs to. */
export const successionKey = (
  { topic, name }: SubscriptionName,
  instance: string,
  { id }: ConsumerGeneration,
): string => JSON.stringify([instance, id, topic, name])
