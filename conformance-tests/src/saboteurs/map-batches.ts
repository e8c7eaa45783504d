import type { Adapter, Environment, OutgoingMessage, Publisher } from '@pluribus/core/driver'
import { decorate } from '../history/decorate.js'
import { outgoingLike } from './message-like.js'

type Batch = readonly OutgoingMessage[]

/** An adapter that publishes in its own way. */
export const publishingBy = (
  inner: Adapter,
  publish: (publisher: Publisher, batch: Batch, environment: Environment) => ReturnType<Publisher['publish']>,
): Adapter =>
  decorate(inner, {
    publisher: (publisher, environment) => ({ publish: batch => publish(publisher, batch, environment) }),
  })

/** An adapter that stores something else than it is given. What it answers is about what it stores. */
export const mapBatches = (inner: Adapter, change: (batch: Batch) => Batch): Adapter =>
  publishingBy(inner, (publisher, batch) => publisher.publish(change(batch)))

/** An adapter that stores messages with some members replaced. */
export const mapOutgoing = (
  inner: Adapter,
  change: (message: OutgoingMessage, environment: Environment) => Partial<OutgoingMessage>,
): Adapter =>
  publishingBy(inner, (publisher, batch, environment) =>
    publisher.publish(batch.map(message => outgoingLike(message, change(message, environment)))),
  )
