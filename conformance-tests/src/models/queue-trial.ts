import type { Broker, Subscription, Topic } from '@pluribus/core'
import type { Delivery, Discipline } from '@pluribus/core/driver'
import { all } from '../case/all.js'
import type { Consumer } from '../case/consumer.js'
import type { CaseContext } from '../case/context.js'
import { equal } from '../case/expect.js'
import { patience } from '../case/patience.js'
import type { Sample } from '../case/sample.js'
import { upTo } from '../case/up-to.js'
import { whenDue } from '../case/when-due.js'
import { type ModelMessage, QueueModel } from './queue-model.js'
import type { Step } from './sequences.js'

/** What is done to a subscription and to its model at the same time. */
export type QueueStep =
  | 'publish'
  | 'pull'
  | 'ack'
  | 'retry'
  | 'release'
  | 'reject'
  | 'reopen'
  | 'redrive'
  | 'elapse'
  | 'counts'

/** What is tried. */
export interface TrialOptions {
  readonly discipline: Discipline
  readonly keys: boolean
  /** Needs a time in which nothing passes by itself. */
  readonly delays: boolean
}

interface Held {
  readonly message: ModelMessage
  readonly delivery: Delivery
  readonly consumer: number
}

const CONSUMERS = 2

/** A subscription with two consumers, and the model of it: whatever is done to both must show the same. */
export class QueueTrial {
  readonly #it: CaseContext
  readonly #options: TrialOptions
  readonly #model: QueueModel
  readonly #topic: Topic<Sample>
  readonly #subscription: Subscription<Sample>
  readonly #broker: Broker
  readonly #consumers: Consumer[] = []
  #held: Held[] = []

  private constructor(it: CaseContext, options: TrialOptions, broker: Broker) {
    this.#it = it
    this.#options = options
    this.#broker = broker
    this.#model = new QueueModel(options.discipline)
    this.#topic = it.topic()
    this.#subscription = this.#topic.subscription('trial', { discipline: options.discipline })
  }

  /** Performs a sequence on a new subscription, then looks at what is left. */
  static async perform(
    it: CaseContext,
    options: TrialOptions,
    broker: Broker,
    steps: readonly Step<QueueStep>[],
  ): Promise<void> {
    const trial = new QueueTrial(it, options, broker)
    await broker.declare(trial.#subscription)
    for (const index of upTo(CONSUMERS)) trial.#consumers[index - 1] = await trial.#open()
    for (const step of steps) await trial.#perform(step)
    await trial.#end()
  }

  #perform({ do: what, a, b }: Step<QueueStep>): Promise<unknown> {
    if (what === 'publish') return this.#publish(a, b)
    if (what === 'pull') return this.#pull(a % CONSUMERS, 1 + (b % 4))
    if (what === 'reopen') return this.#reopen(a % CONSUMERS)
    if (what === 'redrive') return this.#redrive()
    if (what === 'elapse') return this.#elapse()
    if (what === 'counts') return this.#counts()
    return this.#settle(what, a, b)
  }

  #open(): Promise<Consumer> {
    // Longer than any sequence: what is held stays held.
    return this.#it.consume(this.#subscription, { lease: patience(this.#it) })
  }

  async #publish(a: number, b: number): Promise<void> {
    const { keys, delays, discipline } = this.#options
    const items = upTo(1 + (a % 3)).map(n => {
      const key = keys && (b + n) % 3 > 0 ? `k${(a + n) % 3}` : undefined
      const delay = delays && (b + n) % 4 === 0 ? this.#it.timing.delay : 0
      const priority = discipline.kind === 'priority' ? (a + b * n) % (discipline.levels + 1) : undefined
      return { data: { n }, key, priority, ...(delay === 0 ? {} : { delay }) }
    })
    const { receipts } = await this.#broker.publishMany(this.#topic, items)
    for (const [index, { key, priority = 0, delay = 0 }] of items.entries()) {
      this.#model.publish(receipts[index]?.id ?? '', key, priority, delay)
    }
  }

  async #pull(consumer: number, max: number): Promise<void> {
    const expected = this.#model.take(consumer, max)
    const from = this.#consumers[consumer] as Consumer
    const deliveries = [...(expected.length > 0 ? await from.take(expected.length) : [])]
    if (expected.length < max) {
      deliveries.push(...(await from.pull(max - expected.length)))
      // Nothing may come to it later, unasked.
      await from.pull(0)
    }
    const shown = (list: readonly { id: string; attempt: number }[]) =>
      list.map(({ id, attempt }) => `${id} #${attempt}`)
    const found = deliveries.map(({ message, attempt }) => ({ id: message.id, attempt }))
    equal(shown(found), shown(expected), `what a pull of ${max} gives`)
    for (const [index, delivery] of deliveries.entries()) {
      this.#held.push({ message: expected[index] as ModelMessage, delivery, consumer })
    }
  }

  async #settle(what: 'ack' | 'retry' | 'release' | 'reject', a: number, b: number): Promise<void> {
    const [held] = this.#held.splice(a % Math.max(1, this.#held.length), 1)
    if (held === undefined) return
    const consumer = this.#consumers[held.consumer] as Consumer
    const delay = this.#options.delays && b % 2 === 0 ? this.#it.timing.delay : 0
    const call = {
      ack: () => consumer.ack(held.delivery),
      retry: () => consumer.retry(held.delivery, delay),
      release: () => consumer.release(held.delivery),
      reject: () => consumer.reject(held.delivery),
    }
    equal(await call[what](), [], `exceptions of the ${what} of ${held.message.id}`)
    this.#model[what](held.message, delay)
  }

  async #reopen(consumer: number): Promise<void> {
    await this.#consumers[consumer]?.close()
    this.#model.close(consumer)
    this.#held = this.#held.filter(held => held.consumer !== consumer)
    this.#consumers[consumer] = await this.#open()
  }

  async #redrive(): Promise<void> {
    const { redriven } = await this.#broker.redrive(this.#subscription)
    equal(redriven, this.#model.dead.length, 'the dead letters that were redriven')
    this.#model.redrive()
  }

  async #elapse(): Promise<void> {
    const ms = whenDue(this.#it)
    await this.#it.elapse(ms)
    this.#model.pass(ms)
  }

  async #counts(): Promise<void> {
    const counts = await this.#broker.counts(this.#subscription)
    const fields = this.#it.capabilities.counts
    const of = (count: (field: (typeof fields)[number]) => number | undefined) =>
      Object.fromEntries(fields.map(field => [field, count(field)]))
    equal(
      of(field => counts[field]),
      of(field => this.#model.count(field)),
      'the counts',
    )
  }

  /** Everything is given back; what is left comes in order, and the dead stand in theirs. */
  async #end(): Promise<void> {
    for (const consumer of upTo(CONSUMERS)) await this.#reopen(consumer - 1)
    if (this.#options.delays) await this.#elapse()
    const dead = await all(this.#broker.deadLetters(this.#subscription))
    equal(
      dead.map(({ message }) => message.id),
      this.#model.dead.map(({ id }) => id),
      'the dead letters at the end',
    )
    await this.#counts()
    while (this.#held.length > 0 || this.#model.count('waiting') > 0) {
      await this.#pull(0, 8)
      while (this.#held.length > 0) await this.#settle('ack', 0, 0)
    }
    for (const consumer of this.#consumers) await consumer.close()
  }
}
