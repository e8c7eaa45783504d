import type { Adapter, Connection } from '../driver/adapter.js'
import type { DeadLetterQuery, RedriveResult, StoredDeadLetter, SubscriptionCounts } from '../driver/persistence.js'
import type { Start } from '../driver/spec.js'
import { PluribusError } from '../errors/pluribus-error.js'
import type { DeadLetterSelection } from '../model/broker.js'
import type { DeadLetter } from '../model/dead-letter.js'
import type { Message } from '../model/message.js'
import { checkId } from '../model/names.js'
import { checkInteger, checkOptions } from '../model/options.js'
import { checkStart } from '../model/start.js'
import type { Subscription, Topic } from '../model/topic.js'
import { DeliveredMessage } from './delivered-message.js'
import type { Link } from './link.js'
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

  async *history<Out>(topic: Topic<unknown, Out>, range: { readonly from?: Start } = {}): AsyncGenerator<Message<Out>> {
    checkOptions(range, ['from'], 'history()')
    const from = checkStart(range.from ?? 'earliest')
    refuseHistory(this.#capable())
    const what = `cannot read the history of ${topic.name}`
    const connection = await this.#connection()
    try {
      for await (const stored of connection.persistence.history(topic.name, { from })) {
        yield new DeliveredMessage<Out>(stored, topic)
      }
    } catch (error) {
      throw fromNative(this.#adapter, error, what)
    }
  }

  async *deadLetters<Out>(
    subscription: Subscription<unknown, Out>,
    selection?: DeadLetterSelection,
  ): AsyncGenerator<DeadLetter<Out>> {
    const query = queryOf(subscription, selection)
    const connection = await this.#connection()
    try {
      for await (const dead of connection.persistence.deadLetters(query)) yield deadLetterOf(dead, subscription.topic)
    } catch (error) {
      throw fromNative(this.#adapter, error, `cannot read the dead letters of ${nameOf(subscription)}`)
    }
  }

  redrive(subscription: Subscription<unknown>, selection?: DeadLetterSelection): Promise<RedriveResult> {
    return this.#ask(`cannot redrive ${nameOf(subscription)}`, connection =>
      connection.persistence.redrive(queryOf(subscription, selection)),
    )
  }

  discard(subscription: Subscription<unknown>, selection?: DeadLetterSelection): Promise<number> {
    return this.#ask(`cannot discard dead letters of ${nameOf(subscription)}`, connection =>
      connection.persistence.discard(queryOf(subscription, selection)),
    )
  }

  counts(subscription: Subscription<unknown>): Promise<SubscriptionCounts> {
    return this.#ask(`cannot count ${nameOf(subscription)}`, connection =>
      connection.persistence.counts(specName(subscription)),
    )
  }

  remove(subscription: Subscription<unknown>): Promise<void> {
    return this.#ask(`cannot remove ${nameOf(subscription)}`, connection =>
      connection.subscriber.remove(specName(subscription)),
    )
  }

  async #ask<T>(what: string, ask: (connection: Connection) => Promise<T>): Promise<T> {
    const { connection, watchdog } = await this.#link.ready(this.#patience)
    try {
      return await watchdog.watch(what, ask(connection))
    } catch (error) {
      throw fromNative(this.#adapter, error, what)
    }
  }

  async #connection(): Promise<Connection> {
    return (await this.#link.ready(this.#patience)).connection
  }
}

const specName = ({ spec }: Subscription<unknown>) => ({ topic: spec.topic, name: spec.name })

function nameOf(subscription: Subscription<unknown>): string {
  const { spec } = subscription ?? {}
  if (spec !== undefined) return `${spec.topic}/${spec.name}`
  throw new PluribusError(
    'INVALID_ARGUMENT',
    'The first argument is a subscription: what topic.subscription(name) made.',
  )
}

function queryOf(subscription: Subscription<unknown>, selection: DeadLetterSelection = {}): DeadLetterQuery {
  checkOptions(selection, ['ids', 'limit'], `dead letters of ${nameOf(subscription)}`)
  const { ids, limit } = selection
  if (ids !== undefined && !Array.isArray(ids)) {
    throw new PluribusError('INVALID_ARGUMENT', 'ids is a list of message ids.')
  }
  return {
    subscription: specName(subscription),
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
