import { type Classified, isPluribusError, PluribusError, type SubscriptionName } from '@pluribus/core/driver'

/**
 * The only place that reads errors that are not ours. Memory has no client library and no network, so whatever is not
 * an error of Pluribus is a defect: `UNKNOWN`, and trying again would not help.
 */
export function classify(error: unknown): Classified {
  if (isPluribusError(error)) return { code: error.code, retryable: error.retryable }
  return { code: 'UNKNOWN', retryable: false }
}

export const closed = (what: string): PluribusError =>
  new PluribusError('CLOSED', `${what}: this memory connection, or this source of it, is closed. Open a new one.`)

export const topicNotFound = (topic: string): PluribusError =>
  new PluribusError('NOT_FOUND', `Topic "${topic}" does not exist in this memory store. Declare it first.`, {
    outcome: 'definite',
    details: { topic },
  })

export const subscriptionNotFound = ({ topic, name }: SubscriptionName): PluribusError =>
  new PluribusError(
    'NOT_FOUND',
    `Subscription "${name}" of topic "${topic}" does not exist in this memory store. Declare it first.`,
    { details: { topic, subscription: name } },
  )

export const unknownOption = (option: string): PluribusError =>
  new PluribusError(
    'INVALID_CONFIGURATION',
    `memory: URLs have no option "${option}", nor any other: write "memory:" for a private store, ` +
      '"memory:name" for one that is shared within the process.',
    { details: { option } },
  )
