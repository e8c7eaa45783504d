import type {
  Connection,
  ConsumerGeneration,
  Delivery,
  ErrorRecord,
  Pulled,
  SettleException,
  Settlement,
  Source,
  SubscriptionSpec,
  Token,
} from '@pluribus/core/driver'
import { toErrorRecord } from '@pluribus/core/driver'
import { type Time, within } from '../engine/time.js'
import { check } from './expect.js'
import { Failure } from './failure.js'

/** How a consumer was opened. */
export interface ConsumerInit {
  readonly spec: SubscriptionSpec
  readonly connection: Connection
  readonly process: string
  readonly time: Time
  readonly lease: number
  readonly window: number
  readonly consumer: ConsumerGeneration | undefined
  /** How long `take` waits by default, in milliseconds. */
  readonly patience: number
}

/** What is to become of deliveries, by how they end. */
export interface Ends {
  readonly ack?: readonly Delivery[]
  readonly retry?: readonly Delivery[]
  readonly reject?: readonly Delivery[]
  readonly release?: readonly Delivery[]
}

/** A source, with the few steps that cases take. It pulls and settles only when it is told to. */
export class Consumer {
  readonly #init: ConsumerInit
  readonly process: string
  readonly connection: Connection
  /** The tokens that the adapter has taken away. */
  readonly lost: Token[] = []
  /** Why the source has ended by itself, if it has. */
  readonly ended: unknown[] = []
  /** How often the adapter has said that a pull might find something now. */
  wakes = 0
  #source: Source | undefined
  #isClosed = false
  #woken: () => void = () => {}

  constructor(init: ConsumerInit) {
    this.#init = init
    this.process = init.process
    this.connection = init.connection
  }

  get source(): Source {
    if (this.#source === undefined) throw new Error('The consumer has not been opened.')
    return this.#source
  }

  async open(): Promise<this> {
    const { connection, spec, lease, window, consumer } = this.#init
    this.#source = await connection.subscriber.open(
      spec,
      { lease, window, ...(consumer === undefined ? {} : { consumer }) },
      {
        wake: () => {
          this.wakes++
          this.#woken()
        },
        lost: tokens => {
          this.lost.push(...tokens)
          this.#woken()
        },
        ended: cause => {
          this.ended.push(cause)
          this.#woken()
        },
      },
    )
    return this
  }

  /** What there is at once: at most `max`. */
  async pull(max = this.#init.window): Promise<readonly Delivery[]> {
    return (await this.source.pull(max)).deliveries
  }

  /** Waits for `count` deliveries. Fails when they have not come after `patience` milliseconds. */
  async take(count: number, patience = this.#init.patience): Promise<readonly Delivery[]> {
    const taken: Delivery[] = []
    await this.#pulls(patience, async () => {
      const pulled = await this.source.pull(count - taken.length)
      taken.push(...pulled.deliveries)
      return taken.length >= count ? undefined : pulled
    })
    if (taken.length >= count) return taken
    const came = `${taken.length} came: ${listed(taken)}`
    throw new Failure(`${this.#name}: ${count} deliveries were due within ${patience} ms, and ${came}`)
  }

  /** Waits for the first pull of at most `max` that brings anything, and answers all that it brings. */
  async takeSome(max: number, patience = this.#init.patience): Promise<readonly Delivery[]> {
    let found: readonly Delivery[] = []
    await this.#pulls(patience, async () => {
      const pulled = await this.source.pull(max)
      found = pulled.deliveries
      return found.length > 0 ? undefined : pulled
    })
    if (found.length > 0) return found
    throw new Failure(`${this.#name}: a delivery was due within ${patience} ms, and none came`)
  }

  /** Fails when anything comes before `ms` milliseconds have passed. `why` nothing may: `another consumer holds it`. */
  async nothing(ms: number, why: string): Promise<void> {
    const { clock } = this.#init.time
    const start = clock.monotonic()
    await this.#pulls(ms, async () => {
      if (clock.monotonic() - start >= ms) return undefined
      const pulled = await this.source.pull(this.#init.window)
      if (pulled.deliveries.length === 0) return pulled
      const passed = clock.monotonic() - start
      const when = `after ${Math.round(passed)} of ${Math.round(ms)} ms`
      check(passed >= ms, `${this.#name}: nothing may come, because ${why}; ${when}, ${listed(pulled.deliveries)} came`)
      await this.release(...pulled.deliveries)
      return undefined
    })
  }

  /** Waits for one delivery. */
  async next(patience?: number): Promise<Delivery> {
    const [delivery] = await this.take(1, patience)
    return delivery as Delivery
  }

  ack(...deliveries: readonly Delivery[]): Promise<readonly SettleException[]> {
    return this.settle({ ack: deliveries })
  }

  /** A failed run, to be tried again after `delay` milliseconds. */
  retry(delivery: Delivery, delay = 0): Promise<readonly SettleException[]> {
    return this.source.settle({ acks: [], others: [this.#retry(delivery, delay)] })
  }

  /** Dead-letters. */
  reject(delivery: Delivery, reason = 'REJECTED'): Promise<readonly SettleException[]> {
    return this.source.settle({ acks: [], others: [this.#reject(delivery, reason)] })
  }

  release(...deliveries: readonly Delivery[]): Promise<readonly SettleException[]> {
    return this.settle({ release: deliveries })
  }

  /** Settles deliveries in different ways, in one batch; what is retried comes back at once. */
  settle({ ack = [], retry = [], reject = [], release = [] }: Ends): Promise<readonly SettleException[]> {
    const others = [
      ...retry.map(delivery => this.#retry(delivery, 0)),
      ...reject.map(delivery => this.#reject(delivery, 'REJECTED')),
      ...release.map(({ token }): Settlement => ({ kind: 'release', token })),
    ]
    return this.source.settle({ acks: ack.map(({ token }) => token), others })
  }

  /** Answers the tokens that are lost; none where there are no leases to renew. */
  async renew(...deliveries: readonly Delivery[]): Promise<readonly Token[]> {
    return (await this.source.renew?.(deliveries)) ?? []
  }

  /** How many deliveries came over from an earlier generation of the same consumer. */
  get transferred(): number {
    return this.source.transferred ?? 0
  }

  /** Gives back what it holds. Once: an adapter need not understand it twice. */
  async close(): Promise<void> {
    if (this.#isClosed) return
    this.#isClosed = true
    await this.source.close()
  }

  get #name(): string {
    const { topic, name } = this.#init.spec
    return `${topic}/${name}`
  }

  #retry({ token, attempt }: Delivery, delay: number): Settlement {
    return { kind: 'retry', token, delay, error: this.#failureOf(attempt) }
  }

  #reject({ token, attempt }: Delivery, reason: string): Settlement {
    return { kind: 'reject', token, reason, attempts: attempt, errors: [this.#failureOf(attempt)] }
  }

  #failureOf(attempt: number): ErrorRecord {
    return toErrorRecord(new Error(`run ${attempt} failed`), attempt, this.#init.time.clock.now())
  }

  /** Looks again and again until a look answers nothing, or `patience` milliseconds have passed. */
  async #pulls(patience: number, look: () => Promise<Pulled | undefined>): Promise<void> {
    const { time } = this.#init
    const deadline = time.clock.monotonic() + patience
    for (;;) {
      const wakes = new Promise<void>(resolve => {
        this.#woken = resolve
      })
      const pulled = await look()
      const left = deadline - time.clock.monotonic()
      if (pulled === undefined || left <= 0) return
      // Looked at again now and then: whether an adapter wakes is for the cases that go through a broker to find out.
      const pause = Math.max(1, Math.min(pulled.dueIn ?? left, left, patience / 4))
      if (pulled.more !== true) await within(time, wakes, pause)
    }
  }
}

const listed = (deliveries: readonly Delivery[]): string =>
  deliveries.map(({ message, attempt }) => `${message.id} (attempt ${attempt})`).join(', ') || 'none'
