import type {
  Connection,
  ConsumerGeneration,
  Delivery,
  SettleException,
  Source,
  SubscriptionSpec,
  Token,
} from '@pluribus/core/driver'
import { toErrorRecord } from '@pluribus/core/driver'
import { type Time, within } from '../engine/time.js'
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
    const { time } = this.#init
    const deadline = time.clock.monotonic() + patience
    const taken: Delivery[] = []
    for (;;) {
      const wakes = new Promise<void>(resolve => {
        this.#woken = resolve
      })
      const pulled = await this.source.pull(count - taken.length)
      taken.push(...pulled.deliveries)
      if (taken.length >= count) return taken
      const left = deadline - time.clock.monotonic()
      if (left <= 0) break
      // Looked at again now and then: whether an adapter wakes is for the cases that go through a broker to find out.
      const pause = Math.max(1, Math.min(pulled.dueIn ?? left, left, patience / 4))
      if (pulled.more !== true) await within(time, wakes, pause)
    }
    const { topic, name } = this.#init.spec
    throw new Failure(
      `${topic}/${name}: ${count} deliveries were due within ${patience} ms, and ${taken.length} came: ${taken.map(({ message }) => message.id).join(', ') || 'none'}`,
    )
  }

  /** Waits for one delivery. */
  async next(patience?: number): Promise<Delivery> {
    const [delivery] = await this.take(1, patience)
    return delivery as Delivery
  }

  ack(...deliveries: readonly Delivery[]): Promise<readonly SettleException[]> {
    return this.source.settle({ acks: deliveries.map(({ token }) => token), others: [] })
  }

  /** A failed run, to be tried again after `delay` milliseconds. */
  retry({ token, attempt }: Delivery, delay = 0): Promise<readonly SettleException[]> {
    const error = toErrorRecord(new Error(`run ${attempt} failed`), attempt, this.#init.time.clock.now())
    return this.source.settle({ acks: [], others: [{ kind: 'retry', token, delay, error }] })
  }

  /** Dead-letters. */
  reject({ token, attempt }: Delivery, reason = 'REJECTED'): Promise<readonly SettleException[]> {
    const error = toErrorRecord(new Error(`run ${attempt} failed`), attempt, this.#init.time.clock.now())
    return this.source.settle({
      acks: [],
      others: [{ kind: 'reject', token, reason, attempts: attempt, errors: [error] }],
    })
  }

  release(...deliveries: readonly Delivery[]): Promise<readonly SettleException[]> {
    return this.source.settle({ acks: [], others: deliveries.map(({ token }) => ({ kind: 'release', token })) })
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
}
