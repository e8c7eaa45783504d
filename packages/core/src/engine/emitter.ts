import { channel } from 'node:diagnostics_channel'
import type { Logger } from '../driver/environment.js'
import type { BrokerEvents } from '../model/events.js'

type Name = keyof BrokerEvents
type Listener = (event: never) => void

const NAMES: readonly Name[] = [
  'connection.up',
  'connection.down',
  'connection.failed',
  'message.published',
  'message.failed',
  'consumer.up',
  'consumer.down',
  'delivery.started',
  'delivery.acked',
  'delivery.retried',
  'delivery.dead',
  'delivery.released',
  'delivery.lost',
  'delivery.stale',
  'delivery.suspect',
  'handler.abandoned',
  'setting.changed',
]

const CHANNELS = new Map(NAMES.map(name => [name, channel(`pluribus:${name}`)] as const))

/** Every event there is, for checks of names. */
export const isEventName = (name: unknown): name is Name => CHANNELS.has(name as Name)

/** Hands events to the broker's listeners and to `diagnostics_channel`. Costs nothing while nobody listens. */
export class Emitter {
  readonly #logger: Logger
  readonly #listeners = new Map<Name, Set<Listener>>()

  constructor(logger: Logger) {
    this.#logger = logger
  }

  on<N extends Name>(name: N, listener: (event: BrokerEvents[N]) => void): () => void {
    const listeners = this.#listeners.get(name) ?? new Set()
    this.#listeners.set(name, listeners)
    // A wrapper of its own for each call: the same function may listen twice, and each stop ends one of them.
    const own: Listener = event => listener(event)
    listeners.add(own)
    return () => void listeners.delete(own)
  }

  /** Whether anybody listens: callers that would build an event per message ask first. */
  wants(name: Name): boolean {
    return (this.#listeners.get(name)?.size ?? 0) > 0 || (CHANNELS.get(name)?.hasSubscribers ?? false)
  }

  emit<N extends Name>(name: N, event: BrokerEvents[N]): void {
    for (const listener of [...(this.#listeners.get(name) ?? [])]) {
      try {
        listener(event as never)
      } catch (error) {
        this.#logger.error({ event: name, error }, 'An event listener has thrown; nothing else is affected.')
      }
    }
    const published = CHANNELS.get(name)
    if (published?.hasSubscribers) published.publish(event)
  }
}
