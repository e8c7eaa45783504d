import type { Adapter, Delivery, OutgoingMessage, Persistence, Settlement } from '@pluribus/core/driver'
import { decorate, sourceLike } from '../history/decorate.js'
import { mapBatches, mapOutgoing } from './map-batches.js'
import { mapDeliveries } from './map-deliveries.js'
import { messageLike, outgoingLike } from './message-like.js'
import { defineSaboteurs } from './saboteur.js'

/** Where {@link PLACES} hides what the broker must not see. */
const HIDDEN = 'hidden-key'

/** What goes wrong with places. */
export const PLACES = defineSaboteurs(
  {
    name: 'a-retry-opens-its-key',
    of: 'memory',
    breaks:
      'The broker knows nothing of keys, so that a message that waits for its retry is overtaken by its successors.',
    caughtBy: 'HLD-01',
    says: /the order of the runs/,
    adapter: inner =>
      mapDeliveries(
        mapBatches(inner, batch => batch.map(hidden)),
        shown,
      ),
  },
  {
    name: 'delays-are-ignored',
    of: 'memory',
    breaks: 'A delayed message takes its place, and is due, when it is published.',
    caughtBy: 'PLC-01',
    says: /the order of the runs/,
    adapter: inner => mapOutgoing(inner, () => ({ delay: 0 })),
  },
  {
    name: 'a-retry-is-published-anew',
    of: 'memory',
    breaks: 'The first retry of a source is published anew: it comes after everything that waits, as attempt 1.',
    caughtBy: 'PLC-04',
    says: /ids and attempts of what comes next/,
    adapter: republishing,
  },
)

const hidden = (message: OutgoingMessage): OutgoingMessage =>
  message.key === undefined
    ? message
    : outgoingLike(message, { key: undefined, headers: { ...message.headers, [HIDDEN]: message.key } })

function shown(delivery: Delivery): Delivery {
  const { [HIDDEN]: key, ...headers } = delivery.message.headers
  return key === undefined ? delivery : { ...delivery, message: messageLike(delivery.message, { key, headers }) }
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
        // Once: what always fails would be tried for ever.
        let isFirst = true
        return sourceLike(source, {
          async settle(settled) {
            const { acks, others } = settled
            if (!isFirst || !others.some(({ kind }) => kind === 'retry')) return source.settle(settled)
            isFirst = false
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
