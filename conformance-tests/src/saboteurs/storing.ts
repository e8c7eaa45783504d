import type { Retention } from '@pluribus/core/driver'
import { decorate } from '../history/decorate.js'
import { dropping } from './handing-out.js'
import { mapOutgoing } from './map-batches.js'
import { defineSaboteurs } from './saboteur.js'

/** What goes wrong with what is stored. */
export const STORING = defineSaboteurs(
  {
    name: 'ids-are-not-recognised',
    of: 'memory',
    breaks: 'What is published again under its id is stored again.',
    caughtBy: 'OUT-04',
    says: /nothing more was due|what came/,
    adapter: inner => mapOutgoing(inner, () => ({ idSupplied: false })),
  },
  {
    name: 'retention-drops-what-waits',
    of: 'memory',
    breaks: 'When the retention of a topic is over its messages are gone, handled or not.',
    caughtBy: 'RTN-03',
    says: /three and six to be acked/,
    adapter(inner) {
      let retention: Retention = {}
      return decorate(inner, {
        connection: connection => ({
          declare(topics, subscriptions) {
            retention = topics[0]?.retention ?? retention
            return connection.declare(topics, subscriptions)
          },
        }),
        source: (source, { clock }) =>
          dropping(source, ({ message }) => clock.now() - message.time > (retention.age ?? Infinity)),
      })
    },
  },
)
