import { type Classified, isPluribusError, PluribusError, refusals } from '@pluribus/core/driver'

/**
 * The only place that reads errors that are not ours. Memory has no client library and no network, so whatever is not
 * an error of Pluribus is a defect: `UNKNOWN`, and trying again would not help.
 */
export function classify(error: unknown): Classified {
  if (isPluribusError(error)) return { code: error.code, retryable: error.retryable }
  return { code: 'UNKNOWN', retryable: false }
}

export const { closed, topicNotFound, subscriptionNotFound } = refusals('memory', 'in this memory store')

export const unknownOption = (option: string): PluribusError =>
  new PluribusError(
    'INVALID_CONFIGURATION',
    `memory: URLs have no option "${option}", nor any other: write "memory:" for a private store, ` +
      '"memory:name" for one that is shared within the process.',
    { details: { option } },
  )
