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

export const startNotFound = (topic: string, id: string): PluribusError =>
  new PluribusError(
    'NOT_FOUND',
    `Topic "${topic}" holds no message with the id "${id}": it was never published, or retention has removed it. ` +
      "Start from 'earliest', from 'latest' or from a time.",
    { details: { topic, id } },
  )

export const partitionsConflict = (topic: string, stored: number, declared: number): PluribusError =>
  new PluribusError(
    'CONFLICT',
    `Topic "${topic}" exists with partitions: ${stored} and is declared with partitions: ${declared}. ` +
      'Partitions are fixed at creation: declare what is stored, or use another name.',
    { details: { topic, setting: 'partitions', stored, declared } },
  )

export const disciplineConflict = (name: SubscriptionName, stored: string, declared: string): PluribusError =>
  new PluribusError(
    'CONFLICT',
    `Subscription "${name.name}" of topic "${name.topic}" exists as ${stored} and is declared as ${declared}. ` +
      'The discipline is fixed at creation: declare what is stored, use another name, or remove the subscription.',
    { details: { topic: name.topic, subscription: name.name, setting: 'discipline', stored, declared } },
  )

export const stale = (): PluribusError =>
  new PluribusError('STALE', 'The lease of this delivery was lost before it could be marked. Do not run it.')

export const replaced = (what: string): PluribusError =>
  new PluribusError(
    'STALE',
    `${what}: a later source of this consumer is open, and holds what this one held. Use that one.`,
  )

export const unknownOption = (option: string): PluribusError =>
  new PluribusError(
    'INVALID_CONFIGURATION',
    `memory: URLs have no option "${option}", nor any other: write "memory:" for a private store, ` +
      '"memory:name" for one that is shared within the process.',
    { details: { option } },
  )
