import { PluribusError } from '../errors/pluribus-error.js'
import type { PublishItem, PublishOptions, Receipt } from '../model/publish-options.js'
import type { PublishReport } from '../model/publish-report.js'
import { validate } from '../model/schema.js'
import type { Topic } from '../model/topic.js'
import { checkTopic } from './arguments.js'
import type { Cause } from './chain.js'
import type { KnownTopics } from './declarations.js'
import type { Emitter } from './emitter.js'
import { composePublish, type Draft, type PublishMiddleware } from './middleware.js'
import type { Outgoing, OutgoingMaker } from './outgoing.js'
import type { PublishQueue } from './publish-queue.js'
import type { Capable } from './requirements.js'
import type { CausedPublisher } from './run.js'
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

/** From a call of `publish` to its receipt: middleware, schema, encoding, queue. All argument errors reject, before any I/O. */
export class Publishing implements CausedPublisher {
  readonly #parts: PublishingParts

  constructor(parts: PublishingParts) {
    this.#parts = parts
  }

  publishCaused<In>(
    topic: Topic<In, unknown>,
    data: In,
    options: PublishOptions | undefined,
    cause: Cause | undefined,
  ): Promise<Receipt> {
    try {
      checkTopic(topic)
      if (this.#parts.middleware.length > 0) return this.#throughMiddleware(topic, data, options, cause)
      return this.#validated(topic, data, options, cause)
    } catch (error) {
      return Promise.reject(error)
    }
  }

  async publishManyCaused<In>(
    topic: Topic<In, unknown>,
    items: Iterable<PublishItem<In>>,
    cause: Cause | undefined,
  ): Promise<PublishReport> {
    checkTopic(topic)
    if (typeof items?.[Symbol.iterator] !== 'function') {
      throw new PluribusError('INVALID_ARGUMENT', 'publishMany() takes a list of items, each { data, key?, … }.')
    }
    const { middleware } = this.#parts
    if (middleware.length > 0) return this.#manyThroughMiddleware(topic, items, cause)
    const messages =
      topic.schema === undefined ? this.#makeAll(topic, items, cause) : await this.#validateAll(topic, items, cause)
    return this.#submitAll(topic, messages)
  }

  #validated<In>(topic: Topic<In, unknown>, data: In, options: PublishOptions | undefined, cause: Cause | undefined) {
    if (topic.schema === undefined) return this.#submit(topic, data, options, cause)
    const result = validate(topic.schema, data, topic.name)
    // What travels is what was given: the schema's output is for handlers, who validate again.
    if (!(result instanceof Promise)) return this.#submit(topic, data, options, cause)
    return result.then(() => this.#submit(topic, data, options, cause))
  }

  #submit<In>(topic: Topic<In, unknown>, data: In, options: PublishOptions | undefined, cause: Cause | undefined) {
    const { maker, queue, topics, capable } = this.#parts
    const message = maker.make(topic, data, options, cause, capable())
    topics.remember(topic as Topic<unknown>)
    return new Promise<Receipt>((resolve, reject) => {
      queue.submit([message], submission => {
        this.#report(submission)
        const [failure] = submission.failures
        if (failure === undefined) resolve(submission.receipt(0))
        else reject(failure.error)
      })
    })
  }

  #makeAll<In>(topic: Topic<In, unknown>, items: Iterable<PublishItem<In>>, cause: Cause | undefined): Outgoing[] {
    const messages: Outgoing[] = []
    for (const item of items) messages.push(this.#makeOne(topic, item, messages.length, cause))
    return messages
  }

  #makeOne<In>(topic: Topic<In, unknown>, item: PublishItem<In>, index: number, cause: Cause | undefined): Outgoing {
    const { maker, capable } = this.#parts
    try {
      return maker.make(topic, item.data, optionsOf(item), cause, capable())
    } catch (error) {
      throw atIndex(error, index)
    }
  }

  async #validateAll<In>(topic: Topic<In, unknown>, items: Iterable<PublishItem<In>>, cause: Cause | undefined) {
    const list = [...items]
    for (const [index, item] of list.entries()) {
      try {
        await validate(topic.schema as NonNullable<typeof topic.schema>, item.data, topic.name)
      } catch (error) {
        throw atIndex(error, index)
      }
    }
    return this.#makeAll(topic, list, cause)
  }

  #submitAll(topic: Topic<unknown>, messages: readonly Outgoing[]): Promise<PublishReport> {
    const { queue, topics } = this.#parts
    if (messages.length === 0) return Promise.resolve(EMPTY_REPORT)
    topics.remember(topic)
    return new Promise((resolve, reject) => {
      queue.submit(messages, submission => {
        this.#report(submission)
        if (submission.failures.length === 0) resolve(submission.report())
        else reject(partialError(submission.report(), messages.length))
      })
    })
  }

  #throughMiddleware<In>(
    topic: Topic<In, unknown>,
    data: In,
    options: PublishOptions | undefined,
    cause: Cause | undefined,
  ): Promise<Receipt> {
    const publish = composePublish(this.#parts.middleware, async draft => {
      return this.#validated(topic, draft.data as In, draft.options, cause)
    })
    const draft: Draft = { topic: topic.name, data, options: options ?? {} }
    return publish(draft)
  }

  async #manyThroughMiddleware<In>(
    topic: Topic<In, unknown>,
    items: Iterable<PublishItem<In>>,
    cause: Cause | undefined,
  ) {
    const settled = await Promise.allSettled(
      [...items].map(item => this.#throughMiddleware(topic, item.data, optionsOf(item), cause)),
    )
    const receipts = settled.map(result => (result.status === 'fulfilled' ? result.value : undefined))
    const failures = settled.flatMap((result, index) =>
      result.status === 'fulfilled' ? [] : [{ index, id: '', error: result.reason as PluribusError }],
    )
    const report: PublishReport = { stored: receipts.length - failures.length, failures, receipts }
    if (failures.length > 0) throw partialError(report, receipts.length)
    return report
  }

  #report(submission: Submission): void {
    const { emitter } = this.#parts
    for (const { index, id, error } of submission.failures) {
      emitter.emit('message.failed', { topic: submission.messages[index]?.topic ?? '', id, error })
    }
    if (!emitter.wants('message.published')) return
    const failed = new Set(submission.failures.map(failure => failure.index))
    for (const [index, { topic, id }] of submission.messages.entries()) {
      if (!failed.has(index)) emitter.emit('message.published', { topic, id, duplicate: submission.isDuplicate(index) })
    }
  }
}

const EMPTY_REPORT: PublishReport = Object.freeze({ stored: 0, failures: [], receipts: [] })

/** An item of nothing but data needs no look at its options. */
function optionsOf<In>(item: PublishItem<In>): PublishOptions | undefined {
  for (const name in item) {
    if (name !== 'data') {
      const { data: _, ...options } = item
      return options
    }
  }
  return undefined
}

function atIndex(error: unknown, index: number): unknown {
  if (!(error instanceof PluribusError)) return error
  const { code, message, cause, retryable, details } = error
  return new PluribusError(code, `publishMany() item ${index}: ${message} Nothing was published.`, {
    cause: cause ?? error,
    retryable,
    outcome: 'definite',
    details: { ...details, index },
  })
}

/** The error of a batch that is not stored entirely: the first failure, and the report of all. */
function partialError(report: PublishReport, of: number): PluribusError {
  const first = report.failures[0] as PublishReport['failures'][number]
  const { code, retryable, message } = first.error
  const isDefinite = report.failures.every(failure => failure.error.outcome === 'definite') && report.stored === 0
  const text = `${report.failures.length} of ${of} messages failed; the first, number ${first.index}: ${message}`
  const error = new PluribusError(code, text, {
    cause: first.error,
    retryable,
    outcome: isDefinite ? 'definite' : 'unknown',
  })
  return Object.assign(error, { report })
}
