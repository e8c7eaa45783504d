import type { Settlement } from '@pluribus/core/driver'
import { decorate } from '../history/decorate.js'
import { altered } from './altered.js'
import { defineSaboteurs } from './saboteur.js'

/** What gets lost of messages, and of what is known of them. */
export const ENVELOPE = defineSaboteurs(
  {
    name: 'causes-are-lost',
    of: 'memory',
    breaks: 'The store has no place for the id of the message that brought another one about.',
    caughtBy: 'CHN-01',
    says: /the causes along the chain/,
    adapter: inner =>
      decorate(inner, {
        publisher: publisher => ({
          publish: batch => publisher.publish(batch.map(message => altered(message, { causationId: undefined }))),
        }),
      }),
  },
  {
    name: 'last-errors-are-lost',
    of: 'memory',
    breaks: 'A dead letter has the errors of the runs before the one that killed it.',
    caughtBy: 'ABN-01',
    says: /reason and errors of the dead letters/,
    adapter: inner =>
      decorate(inner, {
        source: source => ({
          settle: settled => source.settle({ ...settled, others: settled.others.map(speechless) }),
        }),
      }),
  },
)

const speechless = (settlement: Settlement): Settlement =>
  settlement.kind === 'reject' ? { ...settlement, errors: [] } : settlement
