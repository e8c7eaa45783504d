import { isPluribusError } from '../../errors/pluribus-error.js'
import type { PublishItem, PublishOptions, Receipt } from '../../model/publish-options.js'
import type { PublishReport } from '../../model/publish-report.js'
import { validate } from '../../model/schema.js'
import type { Topic } from '../../model/topic.js'
import { checkTopic } from '../arguments.js'
import type { Cause } from '../chain.js'
import type { KnownTopics } from '../connection/declarations.js'
import type { CausedPublisher } from '../consuming/run.js'
import type { Emitter } from '../emitter.js'
import { type Composed, composePublish, type Draft, type PublishMiddleware } from '../middleware.js'
import type { Capable } from '../requirements.js'
import { InOrder } from './in-order.js'
import type { Outgoing, OutgoingMaker } from './outgoing.js'
import { atIndex, checkItem, checkItems, middlewareFailure, optionsOf, partialError } from './publish-batch.js'
import type { PublishQueue } from './publish-queue.js'
import type { Submission } from './submission.js'

/** What publishing works with. */
export interface PublishingParts {
  readonly maker: OutgoingMaker
  readonly queue: PublishQueue
  readonly topics: KnownTopics
  readonly emitter: Emitter
  readonly capable: () => Capable
  readonly middleware: readonly PublishMiddleware[]
}

type Options = PublishOptions | undefined

/**
 * From a call of `publish` to its receipt: middleware, schema, encoding, queue. All argument errors reject, before any I/O;
 * what is given is encoded before the call returns.
 */
export class Publishing implements CausedPublisher {
  readonly #parts: PublishingParts
  readonly #through: Composed | undefined

  constructor(parts: PublishingParts) {
    this.#parts = parts
    this.#through = parts.middleware.length === 0 ? undefined : composePublish(parts.middleware)
  }

  publishCaused<In>(topic: Topic<In, unknown>, data: In, options: Options, cause: Cause | undefined): Promise<Receipt> {
    try {
      checkTopic(topic)
      if (this.#through !== undefined) return this.#throughMiddleware(this.#through, topic, data, options, cause)
      const made = this.#make(topic, data, options, cause)
      if (!(made instanceof Promise)) return this.#send(topic, made)
      return made.then(
        message => this.#send(topic, message),
        error => Promise.reject(definite(error)),
      )
    } catch (error) {
      return Promise.reject(definite(error))
    }
  }

  publishManyCaused<In>(
    topic: Topic<In, unknown>,
    items: Iterable<PublishItem<In>>,
    cause: Cause | undefined,
  ): Promise<PublishReport> {
    try {
      checkTopic(topic)
      checkItems(items)
      if (this.#through !== undefined) return this.#manyThroughMiddleware(this.#through, topic, [...items], cause)
      const made = this.#makeAll(topic, items, cause)
      return made instanceof Promise
        ? made.then(messages => this.#sendAll(topic, messages))
        : this.#sendAll(topic, made)
    } catch (error) {
      return Promise.reject(definite(error))
    }
  }

  /** Makes the message at once; waits only for a schema that answers later. What travels is the input, not the output. */
  #make<In>(topic: Topic<In, unknown>, data: In, options: Options, cause: Cause | undefined) {
    const { maker, capable } = this.#parts
    if (topic.schema === undefined) return maker.make(topic, data, options, cause, capable())
    const validated = validate(topic.schema, data, topic.name)
    if (!(validated instanceof Promise)) return maker.make(topic, data, options, cause, capable())
    // Where encoding fails now, nobody will look at what the schema says.
    validated.catch(() => {})
    const message = maker.make(topic, data, options, cause, capable())
    return validated.then(() => message)
  }

  #makeAll<In>(topic: Topic<In, unknown>, items: Iterable<PublishItem<In>>, cause: Cause | undefined) {
    const messages: Outgoing[] = []
    const later: Promise<unknown>[] = []
    for (const item of items) {
      const index = messages.length
      try {
        const made = this.#make(topic, checkItem(item).data, optionsOf(item), cause)
        if (!(made instanceof Promise)) messages.push(made)
        else later.push(this.#keep(made, messages, index))
      } catch (error) {
        throw atIndex(error, index)
      }
    }
    if (later.length === 0) return messages
    return Promise.all(later).then(() => messages)
  }

  /** Holds the place of a message whose schema answers later. */
  #keep(made: Promise<Outgoing>, messages: Outgoing[], index: number): Promise<void> {
    messages.length = index + 1
    const kept = made.then(
      message => {
        messages[index] = message
      },
      error => {
        throw atIndex(error, index)
      },
    )
    kept.catch(() => {})
    return kept
  }

  #send<In>(topic: Topic<In, unknown>, message: Outgoing): Promise<Receipt> {
    const { queue, topics } = this.#parts
    topics.remember(topic as Topic<unknown>)
    return new Promise<Receipt>((resolve, reject) => {
      queue.submit([message], submission => {
        this.#report(submission)
        const failure = submission.failures[0]
        if (failure === undefined) resolve(submission.receipt(0))
        else reject(failure.error)
      })
    })
  }

  #sendAll<In>(topic: Topic<In, unknown>, messages: readonly Outgoing[]): Promise<PublishReport> {
    const { queue, topics } = this.#parts
    if (messages.length === 0) return Promise.resolve(EMPTY_REPORT)
    topics.remember(topic as Topic<unknown>)
    return new Promise((resolve, reject) => {
      queue.submit(messages, submission => {
        this.#report(submission)
        if (submission.failures.length === 0) resolve(submission.report())
        else reject(partialError(submission.report(), messages.length))
      })
    })
  }

  async #throughMiddleware<In>(
    through: Composed,
    topic: Topic<In, unknown>,
    data: In,
    options: Options,
    cause: Cause | undefined,
    order?: Place,
  ): Promise<Receipt> {
    const draft: Draft = { topic: topic.name, data: snapshot(topic, data), options: { ...options } }
    return through(draft, async changed => {
      const message = await this.#makeChanged(topic, changed, cause)
      if (order === undefined) return this.#send(topic, message)
      return order.send(message.id, () => this.#send(topic, message))
    })
  }

  async #makeChanged<In>(topic: Topic<In, unknown>, { data, options }: Draft, cause: Cause | undefined) {
    try {
      return await this.#make(topic, data as In, options, cause)
    } catch (error) {
      throw definite(error)
    }
  }

  async #manyThroughMiddleware<In>(
    through: Composed,
    topic: Topic<In, unknown>,
    items: readonly PublishItem<In>[],
    cause: Cause | undefined,
  ): Promise<PublishReport> {
    const { maker, capable } = this.#parts
    for (const [index, item] of items.entries()) {
      try {
        maker.check(optionsOf(checkItem(item)), capable())
      } catch (error) {
        throw atIndex(error, index)
      }
    }
    const inOrder = new InOrder()
    const places = items.map((item, index) => new Place(inOrder, index, item.id ?? maker.nextId()))
    const results = await Promise.allSettled(
      items.map(async (item, index) => {
        const place = places[index] as Place
        try {
          return await this.#throughMiddleware(through, topic, item.data, optionsOf(item), cause, place)
        } finally {
          place.leave()
        }
      }),
    )
    return reportOf(results, places)
  }

  #report(submission: Submission): void {
    const { emitter } = this.#parts
    const { topic } = submission
    for (const { id, error } of submission.failures) emitter.emit('message.failed', { topic, id, error })
    if (!emitter.wants('message.published')) return
    const failed = new Set(submission.failures.map(failure => failure.index))
    for (const [index, { id }] of submission.messages.entries()) {
      if (!failed.has(index)) emitter.emit('message.published', { topic, id, duplicate: submission.isDuplicate(index) })
    }
  }
}

/** One message of a batch on its way through middleware: it is sent after all before it were sent, or have ended. */
class Place {
  readonly #inOrder: InOrder
  readonly #number: number
  id: string
  isSent = false

  constructor(inOrder: InOrder, number: number, id: string) {
    this.#inOrder = inOrder
    this.#number = number
    this.id = id
  }

  send(id: string, send: () => Promise<Receipt>): Promise<Receipt> {
    this.id = id
    return new Promise((resolve, reject) => {
      this.#inOrder.pass(this.#number, () => {
        this.isSent = true
        send().then(resolve, reject)
      })
    })
  }

  leave(): void {
    this.#inOrder.pass(this.#number, () => {})
  }
}

/** What is refused before anything was sent is certain not to be stored. The error is of this call alone. */
function definite(error: unknown): unknown {
  if (!isPluribusError(error) || error.outcome !== undefined) return error
  return Object.assign(error, { outcome: 'definite' })
}

const EMPTY_REPORT: PublishReport = Object.freeze({
  stored: 0,
  failures: Object.freeze([]),
  receipts: Object.freeze([]),
})

function reportOf(results: readonly PromiseSettledResult<Receipt>[], places: readonly Place[]): PublishReport {
  const receipts = results.map(result => (result.status === 'fulfilled' ? result.value : undefined))
  const failures = results.flatMap((result, index) => {
    if (result.status === 'fulfilled') return []
    const { id, isSent } = places[index] as Place
    return [{ index, id, error: middlewareFailure(result.reason, isSent) }]
  })
  const report: PublishReport = { stored: receipts.length - failures.length, failures, receipts }
  if (failures.length > 0) throw partialError(report, receipts.length)
  return report
}

/**
 * What a middleware is given: a copy, made by the topic's own codec, because the caller may change the data while the
 * middleware waits. What cannot be encoded yet is given as it is.
 */
function snapshot<In>({ codec }: Topic<In, unknown>, data: In): unknown {
  if (typeof data !== 'object' || data === null) return data
  try {
    return codec.decode(codec.encode(data))
  } catch {
    return data
  }
}
