import { NO_EXCEPTIONS, type OutgoingMessage } from '@pluribus/core/driver'
import { publishingBy } from './map-batches.js'
import { mapMessages } from './map-deliveries.js'
import { outgoingLike } from './message-like.js'
import { defineSaboteurs } from './saboteur.js'
import { writingBehind } from './writing-behind.js'

const isOurs = ({ topic }: Pick<OutgoingMessage, 'topic'>): boolean => topic.startsWith('pluribus.')

/** What goes wrong with the journal, which is published like anything else. */
export const JOURNALLING = defineSaboteurs(
  {
    name: 'what-is-internal-is-not-stored',
    of: 'memory',
    breaks: 'What is published to topics whose names begin with pluribus is taken for internal, and dropped.',
    caughtBy: 'JRN-01',
    says: /as many entries as there were failures/,
    adapter: inner =>
      publishingBy(inner, async (publisher, batch) => (batch.some(isOurs) ? NO_EXCEPTIONS : publisher.publish(batch))),
  },
  {
    name: 'single-messages-are-written-behind',
    of: 'memory',
    breaks:
      'A message that is published by itself is confirmed, and stored a little later, if its process still lives.',
    caughtBy: 'JRN-02',
    says: /an entry of each of them to be read/,
    adapter: inner => writingBehind(inner, ({ length }) => length === 1),
  },
  {
    name: 'names-come-back-escaped',
    of: 'memory',
    breaks: 'The dot behind pluribus is a dash to the broker, and comes back as one.',
    caughtBy: 'JRN-03',
    says: /the topics that there are entries of|too many/,
    adapter: inner => mapMessages(inner, ({ topic }) => ({ topic: topic.replace('pluribus.', 'pluribus-') })),
  },
  {
    name: 'processes-share-their-reports',
    of: 'memory',
    breaks:
      'Of messages that say nothing of their key, the ids are counted anew by each process: another one has them already.',
    caughtBy: 'JRN-05',
    says: /both processes to be told/,
    adapter: inner =>
      publishingBy(inner, async (publisher, batch) =>
        publisher.publish(batch.map(message => (isOurs(message) ? numbered(message) : message))),
      ),
  },
)

/** The same message under the number that it has in its process. */
const numbered = (message: OutgoingMessage): OutgoingMessage =>
  outgoingLike(message, { id: message.id.slice(message.id.lastIndexOf('-') + 1) })
