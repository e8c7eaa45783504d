import { mapOutgoing } from './map-batches.js'
import { mapSettlements } from './map-settlements.js'
import { defineSaboteurs } from './saboteur.js'

/** What gets lost of messages, and of what is known of them. */
export const ENVELOPE = defineSaboteurs(
  {
    name: 'causes-are-lost',
    of: 'memory',
    breaks: 'The store has no place for the id of the message that brought another one about.',
    caughtBy: 'CHN-01',
    says: /the causes along the chain/,
    adapter: inner => mapOutgoing(inner, () => ({ causationId: undefined })),
  },
  {
    name: 'last-errors-are-lost',
    of: 'memory',
    breaks: 'A dead letter has the errors of the runs before the one that killed it.',
    caughtBy: 'ABN-01',
    says: /reason and errors of the dead letters/,
    adapter: inner => mapSettlements(inner, one => (one.kind === 'reject' ? { ...one, errors: [] } : one)),
  },
)
