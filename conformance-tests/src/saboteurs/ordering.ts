import type { Adapter, OutgoingMessage, Persistence, Settlement, StoredMessage } from '@pluribus/core/driver'
import { decorate, sourceLike } from '../history/decorate.js'
import { altered } from './altered.js'
import { defineSaboteurs } from './saboteur.js'

/** Where {@link ORDERING} hides what the broker must not see. */
const HIDDEN = 'hidden-key'

/** What goes wrong with order. */
export const ORDERING = defineSaboteurs(
  {
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
  },
  {
    name: 'delays-are-ignored',
    of: 'memory',
    breaks: 'A delayed message takes its place, and is due, when it is published.',
    caughtBy: 'PLC-01',
    says: /the order of the runs/,
    adapter: inner =>
      decorate(inner, {
        publisher: publisher => ({
          publish: batch => publisher.publish(batch.map(message => altered(message, { delay: 0 }))),
        }),
      }),
  },
  {
    name: 'a-retry-goes-to-the-tail',
    of: 'memory',
    breaks: 'A retry is published anew: it comes after everything that waits, and has forgotten its attempts.',
    caughtBy: 'PLC-04',
    says: /ids and attempts of what comes next/,
    adapter: republishing,
  },
)

const hidden = (message: OutgoingMessage): OutgoingMessage =>
  message.key === undefined
    ? message
    : altered(message, { key: undefined, headers: { ...message.headers, [HIDDEN]: message.key } })

function shown(message: StoredMessage): StoredMessage {
  const { [HIDDEN]: key, ...headers } = message.headers
  return { ...message, key, headers }
}

function republishing(inner: Adapter): Adapter {
  let persistence: Persistence | undefined
  return decorate(inner, {
    persistence(own) {
      persistence = own
      return {}
    },
    subscriber: subscriber => ({
      async open(spec, options, events) {
        const source = await subscriber.open(spec, options, events)
        return sourceLike(source, {
          async settle({ acks, others }) {
            const rejecting = others.map(
              (one): Settlement =>
                one.kind === 'retry'
                  ? { kind: 'reject', token: one.token, reason: 'RETRY', attempts: 1, errors: [one.error] }
                  : one,
            )
            const exceptions = await source.settle({ acks, others: rejecting })
            await persistence?.redrive({ subscription: { topic: spec.topic, name: spec.name } })
            return exceptions
          },
        })
      },
    }),
  })
}
