import type { Broker, Topic } from '@pluribus/core'
import type { Sample } from '../case/sample.js'
import type { ActorLoad } from './order.js'

/** How often it is looked what is due, in milliseconds. */
const LOOK = 10
/** How many messages share a key before it is given up for another one: keys that live for ever are dear to judge. */
const PER_KEY = 20

/** Publishes at a rate, whatever becomes of it. */
export class Load {
  readonly #broker: Broker
  readonly #topic: Topic<Sample>
  readonly #load: ActorLoad
  readonly #open = new Set<Promise<unknown>>()
  readonly #timer: NodeJS.Timeout
  #since = performance.now()
  #n = 0

  constructor(broker: Broker, topic: Topic<Sample>, load: ActorLoad) {
    this.#broker = broker
    this.#topic = topic
    this.#load = load
    this.#timer = setInterval(() => this.#publishDue(), LOOK)
  }

  /** Publishes nothing more; resolves when every publish is settled. */
  async rest(): Promise<void> {
    clearInterval(this.#timer)
    await Promise.all(this.#open)
  }

  #publishDue(): void {
    const now = performance.now()
    // A process that was frozen does not make up for it: at most a second's messages at once.
    this.#since = Math.max(this.#since, now - 1_000)
    const due = Math.floor(((now - this.#since) * this.#load.rate) / 1_000)
    this.#since += (due * 1_000) / this.#load.rate
    for (let n = 0; n < due; n++) this.#publish(this.#n++)
  }

  #publish(n: number): void {
    const { keys, ids } = this.#load
    const generation = Math.floor(n / (3 * PER_KEY * Math.max(1, keys)))
    const key = keys > 0 && n % 3 === 0 ? { key: `${ids}-${generation}-${(n / 3) % keys}` } : {}
    const id = n % 2 === 0 ? { id: `${ids}-${n}` } : {}
    // The recorded broker has written down what the caller was told, whichever it was.
    const publishing = this.#broker
      .publish(this.#topic, { n }, { ...key, ...id })
      .catch(() => undefined)
      .finally(() => this.#open.delete(publishing))
    this.#open.add(publishing)
  }
}
