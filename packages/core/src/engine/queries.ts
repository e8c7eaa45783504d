import type { Adapter, Connection } from '../driver/adapter.js'
import type { DeadLetterQuery, RedriveResult, StoredDeadLetter, SubscriptionCounts } from '../driver/persistence.js'
import type { Start, SubscriptionName } from '../driver/spec.js'
import { PluribusError } from '../errors/pluribus-error.js'
import type { DeadLetterSelection } from '../model/broker.js'
import type { DeadLetter } from '../model/dead-letter.js'
import type { Message } from '../model/message.js'
import { checkId } from '../model/names.js'
import { checkInteger, checkOptions } from '../model/options.js'
import { checkStart } from '../model/start.js'
import type { Subscription, Topic } from '../model/topic.js'
import { checkSubscription, checkTopic } from './arguments.js'
import type { Link } from './connection/link.js'
import { DeliveredMessage } from './consuming/delivered-message.js'
import { fromNative } from './native-error.js'
import { type Capable, refuseHistory } from './requirements.js'

/** What is asked of a broker beside publishing and consuming. Waits for a connection, up to the connect timeout. */
export class Queries {
  readonly #adapter: Adapter
  readonly #link: Link
  readonly #patience: number
  readonly #capable: () => Capable

  constructor(adapter: Adapter, link: Link, patience: number, capable: () => Capable) {
    this.#adapter = adapter
    this.#link = link
    this.#patience = patience
    this.#capable = capable
  }

  /** Checks its arguments at once, and does the rest while it is iterated. */
  history<Out>(topic: Topic<unknown, Out>, range: { readonly from?: Start } = {}): AsyncIterable<Message<Out>> {
    checkTopic(topic)
    checkOptions(range, ['from'], 'history()')
    const { from: given = 'earliest' } = range
    const from = checkStart(given)
    refuseHistory(this.#capable())
    const read = (connection: Connection) => connection.persistence.history(topic.name, { from })
    const what = `cannot read the history of ${topic.name}`
    return this.#iterate(what, read, stored => new DeliveredMessage<Out>(stored, topic))
  }

  deadLetters<Out>(
    subscription: Subscription<unknown, Out>,
    selection?: DeadLetterSelection,
  ): AsyncIterable<DeadLetter<Out>> {
    const query = queryOf(subscription, selection)
    const read = (connection: Connection) => connection.persistence.deadLetters(query)
    const what = `cannot read the dead letters of ${nameOf(subscription)}`
    return this.#iterate(what, read, dead => deadLetterOf(dead, subscription.topic))
  }

  redrive(subscription: Subscription<unknown>, selection?: DeadLetterSelection): Promise<RedriveResult> {
    const query = queryOf(subscription, selection)
    return this.#ask(`cannot redrive ${nameOf(subscription)}`, ({ persistence }) => persistence.redrive(query))
  }

  discard(subscription: Subscription<unknown>, selection?: DeadLetterSelection): Promise<number> {
    const query = queryOf(subscription, selection)
    const what = `cannot discard dead letters of ${nameOf(subscription)}`
    return this.#ask(what, ({ persistence }) => persistence.discard(query))
  }

  counts(subscription: Subscription<unknown>): Promise<SubscriptionCounts> {
    const name = specName(subscription)
    return this.#ask(`cannot count ${nameOf(subscription)}`, ({ persistence }) => persistence.counts(name))
  }

  remove(subscription: Subscription<unknown>): Promise<void> {
    const name = specName(subscription)
    return this.#ask(`cannot remove ${nameOf(subscription)}`, ({ subscriber }) => subscriber.remove(name))
  }

  async #ask<T>(what: string, ask: (connection: Connection) => Promise<T>): Promise<T> {
    const generation = await this.#link.ready(this.#patience)
    try {
      return await this.#link.whileUp(generation, what, ask)
    } catch (error) {
      throw fromNative(this.#adapter, error, what)
    }
  }

  async *#iterate<T, R>(
    what: string,
    read: (connection: Connection) => AsyncIterable<T>,
    shape: (item: T) => R,
  ): AsyncGenerator<R> {
    const generation = await this.#link.ready(this.#patience)
    let iterator: AsyncIterator<T> | undefined
    let isOver = false
    try {
      const items = read(generation.connection)[Symbol.asyncIterator]()
      iterator = items
      for (;;) {
        const step = await this.#link.whileUp(generation, what, () => items.next())
        isOver = step.done === true
        if (step.done === true) return
        yield shape(step.value)
      }
    } catch (error) {
      isOver = true
      throw fromNative(this.#adapter, error, what)
    } finally {
      // Left early: what the adapter holds open for it is given up.
      if (!isOver) await iterator?.return?.()
    }
  }
}

function specName(subscription: Subscription<unknown>): SubscriptionName {
  checkSubscription(subscription)
  return { topic: subscription.spec.topic, name: subscription.spec.name }
}

const nameOf = ({ spec }: Subscription<unknown>): string => `${spec.topic}/${spec.name}`

function queryOf(subscription: Subscription<unknown>, selection: DeadLetterSelection = {}): DeadLetterQuery {
  const name = specName(subscription)
  checkOptions(selection, ['ids', 'limit'], `dead letters of ${nameOf(subscription)}`)
  const { ids, limit } = selection
  if (ids !== undefined && !Array.isArray(ids)) {
    throw new PluribusError('INVALID_ARGUMENT', 'ids is a list of message ids.')
  }
  return {
    subscription: name,
    ...(ids === undefined ? {} : { ids: ids.map(id => checkId(id, 'message id')) }),
    ...(limit === undefined ? {} : { limit: checkInteger(limit, 'limit', 0, Number.MAX_SAFE_INTEGER) }),
  }
}

function deadLetterOf<Out>(dead: StoredDeadLetter, topic: Topic<unknown, Out>): DeadLetter<Out> {
  return {
    message: new DeliveredMessage<Out>(dead.message, topic),
    subscription: dead.subscription.name,
    reason: dead.reason,
    errors: dead.errors,
    attempts: dead.attempts,
    losses: dead.losses,
    time: new Date(dead.time),
  }
}
