import type {
  OpenOptions,
  Source,
  SourceEvents,
  Subscriber,
  SubscriptionName,
  SubscriptionSpec,
} from '@pluribus/core/driver'
import type { Delays } from './delays.js'
import { isNotFound } from './errors.js'
import { Floor, isAbout } from './floor.js'
import type { Link } from './link.js'
import type { Registry } from './registry.js'
import { Runs } from './runs.js'
import { NatsSource } from './source.js'
import type { ConsumerState, Streams } from './streams.js'
import { type Succession, successionKey } from './succession.js'

/** What a subscriber works with. */
export interface SubscriberParts {
  readonly link: Link
  readonly registry: Registry
  readonly streams: Streams
  readonly delays: Delays
  readonly succession: Succession
}

/** The consumer of a subscription, as a source finds it. */
interface Furnished {
  /** How long the server waits for a word of a delivery, in milliseconds. */
  readonly wait: number
  /** The first position that has not been handed out, as far as the server knows; undefined where it was made just now. */
  readonly next: number | undefined
}

const NONE: ReadonlySet<number> = new Set()
/** How much longer than a lease the server waits. */
const SPARE = 1.1
/** How often it is looked whether somebody else has begun a consumer anew, and how long it is paused between, in milliseconds. */
const TRIES = 20
const PAUSE = 50

/** Opens sources, and ends them with their connection. */
export class NatsSubscriber implements Subscriber {
  readonly #parts: SubscriberParts
  readonly #sources = new Set<NatsSource>()

  constructor(parts: SubscriberParts) {
    this.#parts = parts
  }

  async open(spec: SubscriptionSpec, options: OpenOptions, events: SourceEvents): Promise<Source> {
    const { link, registry, delays, succession } = this.#parts
    link.check('open')
    const declared = await registry.subscription(spec)
    const { wait, next } = await this.#furnish(spec, declared.start, options.lease)
    const known = next === undefined ? NONE : await new Runs(link, spec).knownFrom(next)
    delays.attend(spec.topic)
    const { consumer } = options
    const key = consumer && successionKey(spec, link.environment.instance, consumer)
    const source = new NatsSource({
      link,
      declared: { ...declared, spec },
      options,
      events,
      wait,
      known,
      isDeclared: () => this.#isDeclared(spec),
      over: () => {
        this.#sources.delete(source)
        if (key !== undefined) succession.end(key, source)
      },
    })
    const before = key === undefined || consumer === undefined ? undefined : succession.follow(key, consumer, source)
    this.#sources.add(source)
    await source.open(before)
    link.check('open')
    return source
  }

  async remove(subscription: SubscriptionName): Promise<void> {
    const { link, registry, streams } = this.#parts
    link.check('remove')
    await registry.remove(subscription)
    await streams.remove(subscription)
  }

  /** The connection is over. What is held is for the next generations of these consumers, or until the server's patience ends. */
  stop(): void {
    for (const source of this.#sources) source.abandon()
    this.#sources.clear()
  }

  /**
   * The consumer on the server waits as long as the first of its users asks for; the others keep what they hold alive more often, or
   * are missed a little later. Where nobody uses it, the next one decides anew.
   */
  async #furnish(subscription: SubscriptionName, start: number, lease: number): Promise<Furnished> {
    const { streams } = this.#parts
    const state = await this.#consumerOf(subscription)
    // Core counts from a little later than the server, and is to be the first to give up all the same.
    const wait = Math.ceil(lease * SPARE)
    if (state === undefined) await streams.createConsumer(subscription, start, wait)
    else if (state.wait !== wait && state.isIdle) await streams.waitFor(subscription, wait)
    else return state
    return { wait, next: state?.next }
  }

  /** As it is, or as it goes on where it has forgotten what it has handed out: see {@link Floor}. */
  async #consumerOf(subscription: SubscriptionName): Promise<ConsumerState | undefined> {
    const { link, streams } = this.#parts
    const floor = new Floor(link, subscription)
    let claimed = 0
    for (let tries = 0; tries < TRIES; tries++) {
      const state = await streams.consumer(subscription)
      const noted = await floor.find()
      if (noted === undefined) return state
      const isThere = state !== undefined && !(state.isBlank && isAbout(noted, state.made))
      if (isThere || (state === undefined && noted.isClaimed !== true)) return state
      // Of several who find it so, one makes it anew: the others would take it from under him, unless he has died.
      const isOurs = state !== undefined && (noted.isClaimed !== true || noted.revision === claimed)
      if (isOurs && (await floor.claim(noted, state.made))) await streams.restart(subscription, noted.next, state.wait)
      else await this.#pause()
      claimed = noted.revision
    }
    return streams.consumer(subscription)
  }

  #pause(): Promise<void> {
    return new Promise(resolve => {
      this.#parts.link.environment.timers.setTimeout(resolve, PAUSE)
    })
  }

  async #isDeclared(subscription: SubscriptionName): Promise<boolean> {
    try {
      await this.#parts.registry.subscription(subscription)
      return true
    } catch (error) {
      if (isNotFound(error)) return false
      throw error
    }
  }
}
