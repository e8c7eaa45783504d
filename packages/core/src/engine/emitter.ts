import { channel } from 'node:diagnostics_channel'
import type { Logger } from '../driver/environment.js'
import { PluribusError } from '../errors/pluribus-error.js'
import { didYouMean } from '../model/did-you-mean.js'
import type { BrokerEvents } from '../model/events.js'
import { quote } from '../model/quote.js'
import { currentCause, enterCause } from './chain.js'
import { isThenable } from './is-thenable.js'

type Name = keyof BrokerEvents
type Listener = (event: never) => unknown

const NAMES: readonly Name[] = [
  'connection.up',
  'connection.down',
  'connection.failed',
  'message.published',
  'message.failed',
  'consumer.up',
  'consumer.down',
  'consumer.closed',
  'delivery.started',
  'delivery.acked',
  'delivery.retried',
  'delivery.dead',
  'delivery.released',
  'delivery.unconfirmed',
  'delivery.lost',
  'delivery.stale',
  'delivery.suspect',
  'handler.abandoned',
  'setting.changed',
]

const CHANNELS = new Map(NAMES.map(name => [name, channel(`pluribus:${name}`)] as const))

/** The arguments of `on`. Throws `INVALID_ARGUMENT`. */
export function checkListener(name: unknown, listener: unknown): void {
  if (!CHANNELS.has(name as Name)) {
    const hint = typeof name === 'string' ? didYouMean(name, NAMES) : ''
    const message = `on(): there is no event ${quote(name)}.${hint} Legal are ${NAMES.join(', ')}.`
    throw new PluribusError('INVALID_ARGUMENT', message, { details: { argument: 'name', legal: NAMES } })
  }
  if (typeof listener === 'function') return
  const message = `on(${String(name)}): ${quote(listener)} is not a listener: pass a function.`
  throw new PluribusError('INVALID_ARGUMENT', message, { details: { argument: 'listener' } })
}

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
    if (!this.wants(name)) return
    const cause = currentCause()
    // Whoever happens to have caused an event is not the cause of what its observers publish.
    if (cause !== undefined) enterCause(undefined)
    for (const listener of [...(this.#listeners.get(name) ?? [])]) this.#tell(name, listener, event)
    CHANNELS.get(name)?.publish(event)
    if (cause !== undefined) enterCause(cause)
  }

  #tell(name: Name, listener: Listener, event: unknown): void {
    const failed = (error: unknown) =>
      this.#logger.error({ event: name, error }, 'An event listener has failed; nothing else is affected.')
    try {
      const returned: unknown = listener(event as never)
      // An async listener that rejects would end the process.
      if (isThenable(returned)) returned.then(undefined, failed)
    } catch (error) {
      failed(error)
    }
  }
}
