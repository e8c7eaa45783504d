import {
  AckPolicy,
  DeliverPolicy,
  DiscardPolicy,
  RetentionPolicy,
  StorageType,
  type StreamConfig,
} from '@nats-io/jetstream'
import type { SubscriptionName, TopicSpec } from '@pluribus/core/driver'
import { classify, isNotFound } from './errors.js'
import type { Link } from './link.js'
import { DELAYS } from './names.js'

const NANOSECONDS = 1_000_000

/** The most deliveries of one subscription that may be out at once, in all processes, those that wait for a retry included. */
export const MOST_UNSETTLED = 50_000
/** The most delayed messages of a topic that are waited for at once. */
const MOST_DELAYED = 200_000
/** How long a delayed message may be in one process's hands, in milliseconds. */
const DELAY_WAIT = 10_000
/** Requests of all processes that may wait at a consumer. */
const MOST_WAITING = 4_096

/** A stream that is to be made. */
type Named = Partial<StreamConfig> & { readonly name: string }

/** How much longer than messages what is known of them is kept, in milliseconds: a server removes what is too old when it sees fit. */
const LATER = 60_000
/** How often making a stream is tried, and how long it is paused between, in milliseconds. */
const TRIES = 5
const PAUSE = 50

/** What a consumer of a subscription is at the moment. */
export interface ConsumerState {
  /** After how many milliseconds what nobody speaks of any more is handed out again. */
  readonly wait: number
  /** Nobody holds anything of it, and nobody waits for anything. */
  readonly isIdle: boolean
  /** The first position that it has not handed out yet. */
  readonly next: number
  /** When it was made, as the server says it. */
  readonly made: string
  /** It knows of nothing that it has handed out. */
  readonly isBlank: boolean
}

/** Creates what topics and subscriptions need on the server. Everything may be done again. */
export class Streams {
  readonly #link: Link
  readonly #window: number
  readonly #made = new Map<string, Promise<void>>()

  /** @param window How long the ids of messages are remembered, in milliseconds. */
  constructor(link: Link, window: number) {
    this.#link = link
    this.#window = window
  }

  /** The stream of the registry. */
  async registry(): Promise<void> {
    const { names } = this.#link
    await this.#once(names.registry, () =>
      this.#put({ ...this.#base(names.registry, names.registrySubjects), max_msgs_per_subject: 1 }),
    )
  }

  /** The three streams of a topic, and the consumer of what is delayed. */
  async topic(spec: TopicSpec): Promise<void> {
    const { names } = this.#link
    const { name, retention } = spec
    await this.#once(`${name} ${retention.age ?? ''} ${retention.bytes ?? ''}`, async () => {
      const age = (retention.age ?? 0) * NANOSECONDS
      const window = this.#window * NANOSECONDS
      await Promise.all([
        this.#put({
          ...this.#base(names.stream(name), names.subjects(name)),
          max_age: age,
          max_bytes: retention.bytes ?? -1,
          // The server refuses a window that outlasts the messages.
          duplicate_window: age === 0 ? window : Math.min(age, window),
        }),
        this.#put({ ...this.#base(names.aside(name), names.asideSubjects(name)), max_msgs_per_subject: 1 }),
        this.#put({
          ...this.#base(names.state(name), names.stateSubjects(name)),
          max_msgs_per_subject: 1,
          // When the messages are gone that it is about.
          max_age: age === 0 ? 0 : age + LATER * NANOSECONDS,
        }),
      ])
      await this.#delays(name)
    })
  }

  /** What was made may be gone: it is made again when it is needed. */
  forget(): void {
    this.#made.clear()
  }

  /** The consumer of a subscription; undefined where there is none. */
  async consumer({ topic, name }: SubscriptionName): Promise<ConsumerState | undefined> {
    const { manager, names } = this.#link
    try {
      const { config, num_ack_pending, num_waiting, delivered, created } = await manager.consumers.info(
        names.stream(topic),
        name,
      )
      const wait = (config.ack_wait ?? 0) / NANOSECONDS
      const isIdle = num_ack_pending === 0 && num_waiting === 0
      return {
        ...{ wait, isIdle, made: created },
        ...{ next: delivered.stream_seq + 1, isBlank: delivered.consumer_seq === 0 },
      }
    } catch (error) {
      if (isNotFound(error)) return undefined
      throw error
    }
  }

  /** @param wait Milliseconds. */
  async createConsumer({ topic, name }: SubscriptionName, start: number, wait: number): Promise<void> {
    const { maker, names } = this.#link
    const config = {
      durable_name: name,
      filter_subject: names.messages(topic),
      deliver_policy: DeliverPolicy.StartSequence,
      opt_start_seq: start,
      ack_policy: AckPolicy.Explicit,
      ack_wait: wait * NANOSECONDS,
      max_deliver: -1,
      max_ack_pending: MOST_UNSETTLED,
      max_waiting: MOST_WAITING,
    }
    await this.#insist(() => maker.consumers.add(names.stream(topic), config))
  }

  /** Has a consumer that has forgotten what it has handed out go on at a position. */
  async restart(subscription: SubscriptionName, start: number, wait: number): Promise<void> {
    const { manager, names } = this.#link
    await ifThere(manager.consumers.delete(names.stream(subscription.topic), subscription.name))
    await this.createConsumer(subscription, start, wait)
  }

  async waitFor({ topic, name }: SubscriptionName, wait: number): Promise<void> {
    const { manager, names } = this.#link
    await manager.consumers.update(names.stream(topic), name, { ack_wait: wait * NANOSECONDS })
  }

  /** The consumer of a subscription, what is known of its messages, and its dead letters. */
  async remove(subscription: SubscriptionName): Promise<void> {
    const { manager, names } = this.#link
    const { topic, name } = subscription
    await ifThere(manager.consumers.delete(names.stream(topic), name))
    await ifThere(manager.streams.purge(names.state(topic), { filter: names.stateOf(subscription) }))
    await ifThere(manager.streams.purge(names.aside(topic), { filter: names.deaths(subscription) }))
  }

  /** One active asker at a time: due messages keep their order. */
  async #delays(topic: string): Promise<void> {
    const { maker, names } = this.#link
    const config = {
      durable_name: DELAYS,
      filter_subject: names.allDelayed(topic),
      deliver_policy: DeliverPolicy.All,
      ack_policy: AckPolicy.Explicit,
      ack_wait: DELAY_WAIT * NANOSECONDS,
      max_deliver: -1,
      max_ack_pending: MOST_DELAYED,
      max_waiting: 1,
    }
    await this.#insist(() => maker.consumers.add(names.stream(topic), config))
  }

  #base(name: string, subjects: string): Named {
    return {
      name,
      subjects: [subjects],
      storage: StorageType.File,
      retention: RetentionPolicy.Limits,
      discard: DiscardPolicy.Old,
      allow_direct: true,
      num_replicas: this.#link.replicas,
    }
  }

  /** A server (2.9) refuses one of two that make the same stream at once: that one looks again. */
  #put(config: Named): Promise<void> {
    const { streams } = this.#link.maker
    return this.#insist(async () => {
      try {
        await streams.add(config)
      } catch (error) {
        if (classify(error).code !== 'CONFLICT') throw error
        const { num_replicas: _, ...rest } = config
        await streams.update(config.name, rest)
      }
    })
  }

  async #insist(make: () => Promise<unknown>, tries = TRIES): Promise<void> {
    try {
      await make()
    } catch (error) {
      if (!classify(error).retryable || tries <= 1 || this.#link.over !== undefined) throw error
      await this.#pause()
      await this.#insist(make, tries - 1)
    }
  }

  #pause(): Promise<void> {
    return new Promise(resolve => {
      this.#link.environment.timers.setTimeout(resolve, PAUSE)
    })
  }

  #once(what: string, make: () => Promise<void>): Promise<void> {
    const made =
      this.#made.get(what) ??
      make().catch((error: unknown) => {
        this.#made.delete(what)
        throw error
      })
    this.#made.set(what, made)
    return made
  }
}

async function ifThere(removing: Promise<unknown>): Promise<void> {
  try {
    await removing
  } catch (error) {
    if (!isNotFound(error)) throw error
  }
}
