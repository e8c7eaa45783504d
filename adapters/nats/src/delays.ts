import type { Msg } from '@nats-io/transport-node'
import { decode, headersOf, numberOf } from './codec.js'
import { deliveryOf } from './delivery-subject.js'
import { Feed } from './feed.js'
import type { Link } from './link.js'
import { DELAYS, keyTokenOf, NOBODY } from './names.js'
import { headerText } from './received.js'
import { ServerClock } from './server-clock.js'

/** Delayed messages that are in hand at once: each is looked at, and put back until it is due. */
const PAGE = 256
/** How long a request for them waits at the server, in milliseconds: whoever asks is the one who forwards. */
const PATIENCE = 5_000

interface Waiting {
  readonly message: Msg
  readonly position: number
  readonly time: number
}

/**
 * Delayed messages, on a server that knows no delay. They stand in their topic's stream under a subject of their own, where a consumer
 * puts each one off until it is due; then a copy is stored where messages are handled, and gets its place. Copy confirmed first,
 * original acknowledged second, under an id that the server recognises. Whoever consumes a topic, or publishes to it with a delay, takes part.
 */
export class Delays {
  readonly #link: Link
  readonly #clock: ServerClock
  readonly #topics = new Map<string, TopicDelays>()
  #isOver = false

  constructor(link: Link) {
    this.#link = link
    this.#clock = new ServerClock(link)
  }

  /** Takes part in forwarding what is delayed in a topic. */
  attend(topic: string): void {
    if (this.#isOver || this.#topics.has(topic)) return
    const delays = new TopicDelays(this.#link, this.#clock, topic)
    this.#topics.set(topic, delays)
    delays.start()
  }

  /** What is in hand comes to somebody else. */
  stop(): void {
    this.#isOver = true
    for (const topic of this.#topics.values()) topic.stop()
  }
}

class TopicDelays {
  readonly #link: Link
  readonly #clock: ServerClock
  readonly #topic: string
  readonly #feed: Feed
  #arrived: Waiting[] = []
  #isBusy = false
  #isOver = false

  constructor(link: Link, clock: ServerClock, topic: string) {
    this.#link = link
    this.#clock = clock
    this.#topic = topic
    this.#feed = new Feed(link, {
      stream: link.names.stream(topic),
      consumer: DELAYS,
      patience: PATIENCE,
      arrived: message => this.#arrive(message),
      gone: () => {},
    })
  }

  start(): void {
    this.#feed.want(PAGE)
  }

  stop(): void {
    this.#isOver = true
    this.#feed.abandon()
  }

  #arrive(message: Msg): void {
    const { position, time } = deliveryOf(message.reply ?? '')
    this.#arrived.push({ message, position, time })
    if (!this.#isBusy) {
      this.#isBusy = true
      this.#work().catch((error: unknown) => {
        // What was in hand comes again.
        this.#link.environment.logger.debug({ error }, 'Delayed messages could not be forwarded just now.')
      })
    }
  }

  async #work(): Promise<void> {
    try {
      await this.#clock.ready()
      while (this.#arrived.length > 0 && !this.#isOver) {
        const arrived = this.#arrived
        this.#arrived = []
        await this.#sort(arrived)
        this.#feed.want(PAGE)
      }
    } finally {
      this.#isBusy = false
    }
  }

  async #sort(arrived: readonly Waiting[]): Promise<void> {
    const { nats } = this.#link
    const { now } = this.#clock
    const due: Waiting[] = []
    for (const waiting of arrived) {
      const delay = numberOf(headerText(waiting.message), 'pluribus-delay') ?? 0
      const left = waiting.time + 1 + delay - now
      if (left <= 0) due.push(waiting)
      else nats.publish(waiting.message.reply ?? '', `-NAK {"delay":${Math.ceil(left * 1_000_000)}}`)
    }
    await this.#forward(due)
  }

  async #forward(due: readonly Waiting[]): Promise<void> {
    const { nats, appender, names } = this.#link
    const entries = due.map(({ message, position, time }) => {
      const own = decode(headerText(message), message.data, { topic: this.#topic, position, time })
      const subject = names.message(this.#topic, NOBODY, own.priority, keyTokenOf(own.key))
      return { subject, headers: headersOf(own, { dedup: `d:${position}`, origin: position }), payload: message.data }
    })
    const { unstored } = await appender.append(entries)
    const refused = new Set(unstored.flatMap(({ index, error }) => (error === undefined ? [] : [index])))
    for (const [index, { message }] of due.entries()) {
      if (!refused.has(index)) nats.publish(message.reply ?? '', '')
    }
  }
}
