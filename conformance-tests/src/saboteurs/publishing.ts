import { isDeepStrictEqual } from 'node:util'
import { NO_EXCEPTIONS, type OutgoingMessage } from '@pluribus/core/driver'
import { decorate } from '../history/decorate.js'
import { mapBatches, publishingBy } from './map-batches.js'
import { mapMessages } from './map-deliveries.js'
import { outgoingLike } from './message-like.js'
import { defineSaboteurs } from './saboteur.js'

/** What goes wrong when messages are stored. */
export const PUBLISHING = defineSaboteurs(
  {
    name: 'answers-before-storing',
    of: 'memory',
    breaks: 'A publish is answered as stored, and stored a second later, if its process still lives.',
    caughtBy: 'PUB-04',
    says: /the message from before the subscription/,
    adapter: inner =>
      publishingBy(inner, async (publisher, batch, { timers }) => {
        timers.setTimeout(() => publisher.publish(batch).catch(() => {}), 1_000)
        return NO_EXCEPTIONS
      }),
  },
  {
    name: 'drops-what-nobody-waits-for',
    of: 'memory',
    breaks: 'What is published to a topic without subscriptions is answered as stored, and dropped.',
    caughtBy: 'PUB-05',
    says: /three messages from before the first subscription/,
    adapter: inner =>
      decorate(inner, {
        connection: ({ publisher, persistence }) => ({
          publisher: {
            window: 1,
            async publish(batch) {
              const wanted = new Set((await persistence.subscriptions()).map(({ topic }) => topic))
              return publisher.publish(batch.filter(({ topic }) => wanted.has(topic)))
            },
          },
        }),
      }),
  },
  {
    name: 'topics-share-messages',
    of: 'memory',
    breaks: 'What is published to a topic is also stored in the one that was declared with it.',
    caughtBy: 'PUB-06',
    says: /what came to the subscription of topic|a message|nothing more was due/,
    adapter(inner) {
      const topics = new Set<string>()
      return decorate(inner, {
        connection: connection => ({
          declare(specs, subscriptions) {
            for (const { name } of specs) topics.add(name)
            return connection.declare(specs, subscriptions)
          },
          publisher: {
            window: 1,
            publish: batch => connection.publisher.publish(batch.flatMap(message => inAll(message, topics))),
          },
        }),
      })
    },
  },
  {
    name: 'dashes-are-dots',
    of: 'memory',
    breaks: 'Names are escaped so that a dash is a dot to the broker: what is sent to a.b goes to a-b, too.',
    caughtBy: 'PUB-08',
    says: /what came to .* of a-b/,
    adapter: inner =>
      mapBatches(inner, batch =>
        batch.flatMap(message => {
          const topic = message.topic.replace(/a\.b$/, 'a-b')
          return topic === message.topic ? [message] : [message, outgoingLike(message, { topic, idSupplied: false })]
        }),
      ),
  },
  {
    name: 'a-batch-is-stored-backwards',
    of: 'memory',
    breaks: 'The messages of a batch are stored from its end.',
    caughtBy: 'PUB-12',
    says: /the order of the runs/,
    adapter: inner => mapBatches(inner, batch => batch.toReversed()),
  },
  {
    name: 'neighbours-in-batches-change-places',
    of: 'memory',
    breaks: 'The last two messages of a large batch change places.',
    caughtBy: 'BAT-01',
    says: /the order of the runs/,
    adapter: inner =>
      mapBatches(inner, batch => (batch.length < 5 ? batch : [...batch.slice(0, -2), ...batch.slice(-2).toReversed()])),
  },
  {
    name: 'large-batches-are-cut',
    of: 'memory',
    breaks: 'Of a batch, a thousand messages are stored, and all are answered as stored.',
    caughtBy: 'BAT-04',
    says: /Not within .* all to be acked/,
    adapter: inner => mapBatches(inner, batch => batch.slice(0, 1_000)),
  },
  {
    name: 'parallel-batches-lose-one',
    of: 'memory',
    breaks: 'Of the batches that several connections send, every fifteenth is not stored.',
    caughtBy: 'PUB-11',
    says: /messages of \d+ publishers to be acked/,
    adapter(inner) {
      let batches = 0
      return publishingBy(inner, async (publisher, batch) =>
        ++batches % 15 === 0 ? NO_EXCEPTIONS : publisher.publish(batch),
      )
    },
  },
  {
    name: 'what-is-sent-again-is-stored-again',
    of: 'memory',
    breaks: 'An id that comes a second time over the same process is stored a second time.',
    caughtBy: 'DDP-07',
    says: /what came|nothing more was due/,
    adapter(inner) {
      const sent: OutgoingMessage[] = []
      return mapBatches(inner, batch =>
        batch.map(message => {
          const isAgain = sent.some(
            ({ id, payload }) => id === message.id && isDeepStrictEqual(payload, message.payload),
          )
          sent.push(message)
          return isAgain ? outgoingLike(message, { idSupplied: false }) : message
        }),
      )
    },
  },
  {
    name: 'the-brokers-time-replaces-the-publishers',
    of: 'memory',
    breaks: 'A message shows when the broker took it, by a clock that is an hour fast.',
    caughtBy: 'PUB-01',
    says: /when it was published, by the publisher/,
    adapter: inner => mapMessages(inner, ({ time }) => ({ time: time + 3_600_000 })),
  },
  {
    name: 'no-key-is-an-empty-key',
    of: 'memory',
    breaks: 'A message without a key comes with an empty one.',
    caughtBy: 'PUB-22',
    says: /the defaults/,
    adapter: inner => mapMessages(inner, ({ key }) => ({ key: key ?? '' })),
  },
  {
    name: 'causes-are-forgotten',
    of: 'memory',
    breaks: 'The cause of a message is not stored.',
    caughtBy: 'PUB-23',
    says: /the causation ids/,
    adapter: inner => mapMessages(inner, () => ({ causationId: undefined })),
  },
)

const inAll = (message: OutgoingMessage, topics: ReadonlySet<string>): readonly OutgoingMessage[] => [
  message,
  ...[...topics]
    .filter(topic => topic !== message.topic)
    .map(topic => outgoingLike(message, { topic, idSupplied: false })),
]
