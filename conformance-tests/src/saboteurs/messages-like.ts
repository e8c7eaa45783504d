import type { Adapter, Delivery, OutgoingMessage, Publisher, StoredMessage } from '@pluribus/core/driver'
import { decorate } from '../history/decorate.js'

/** A copy of a message with some members replaced: those of the original are getters, so that a spread would be empty. */
export function messageLike(message: StoredMessage, changes: Partial<StoredMessage>): StoredMessage {
  const { id, topic, payload, contentType, key, priority, headers } = message
  const { time, source, version, correlationId, causationId } = message
  const envelope = { time, source, version, correlationId, causationId }
  return { id, topic, payload, contentType, key, priority, headers, ...envelope, ...changes }
}

export function outgoingLike(message: OutgoingMessage, changes: Partial<OutgoingMessage>): OutgoingMessage {
  const { idSupplied, size, delay } = message
  return { ...messageLike(message, changes), idSupplied, size, delay, ...changes }
}

type Change = (message: StoredMessage, delivery: Delivery) => Partial<StoredMessage>

/** An adapter that hands out messages changed. */
export const handingOut = (inner: Adapter, change: Change): Adapter =>
  decorate(inner, {
    source: source => ({
      async pull(max) {
        const pulled = await source.pull(max)
        const deliveries = pulled.deliveries.map(delivery => {
          const { message, token, attempt, losses, marks, suspect } = delivery
          return { message: messageLike(message, change(message, delivery)), token, attempt, losses, marks, suspect }
        })
        return { ...pulled, deliveries }
      },
    }),
  })

type Batch = readonly OutgoingMessage[]

/** An adapter that stores something else than it is given. What it answers is about what it was given. */
export const storing = (inner: Adapter, change: (batch: Batch) => Batch | Promise<Batch>): Adapter =>
  publishing(inner, async (publisher, batch) => publisher.publish(await change(batch)))

/** An adapter that publishes in its own way. */
export const publishing = (
  inner: Adapter,
  publish: (publisher: Publisher, batch: Batch) => ReturnType<Publisher['publish']>,
): Adapter => decorate(inner, { publisher: publisher => ({ publish: batch => publish(publisher, batch) }) })
