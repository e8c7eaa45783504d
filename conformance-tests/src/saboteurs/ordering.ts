import type { OutgoingMessage, StoredMessage } from '@pluribus/core/driver'
import { decorate } from '../history/decorate.js'
import { altered } from './altered.js'
import { defineSaboteurs } from './saboteur.js'

/** Where {@link ORDERING} hides what the broker must not see. */
const HIDDEN = 'hidden-key'

/** What goes wrong with order. */
export const ORDERING = defineSaboteurs({
  name: 'a-retry-opens-its-key',
  of: 'memory',
  breaks:
    'The broker knows nothing of keys, so that a message that waits for its retry is overtaken by its successors.',
  caughtBy: 'HLD-01',
  says: /the order of the runs/,
  adapter: inner =>
    decorate(inner, {
      publisher: publisher => ({ publish: batch => publisher.publish(batch.map(hidden)) }),
      source: source => ({
        async pull(max) {
          const pulled = await source.pull(max)
          const deliveries = pulled.deliveries.map(delivery => ({ ...delivery, message: shown(delivery.message) }))
          return { ...pulled, deliveries }
        },
      }),
    }),
})

const hidden = (message: OutgoingMessage): OutgoingMessage =>
  message.key === undefined
    ? message
    : altered(message, { key: undefined, headers: { ...message.headers, [HIDDEN]: message.key } })

function shown(message: StoredMessage): StoredMessage {
  const { [HIDDEN]: key, ...headers } = message.headers
  return { ...message, key, headers }
}
