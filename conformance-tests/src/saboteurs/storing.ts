import type { Adapter, Retention } from '@pluribus/core/driver'
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
    name: 'retention-never-ends',
    of: 'memory',
    breaks: 'What is handled stays, however old it is.',
    caughtBy: 'RTN-06',
    says: /what the history has when the time is over/,
    adapter: inner => keeping(inner, ({ age, ...retention }) => retention),
  },
  {
    name: 'keeps-more-bytes-than-it-may',
    of: 'memory',
    breaks: 'What is handled stays, however much it is.',
    caughtBy: 'RTN-07',
    says: /that no more than \d+ are kept/,
    adapter: inner => keeping(inner, ({ bytes, ...retention }) => retention),
  },
  {
    name: 'keeps-nothing-that-is-handled',
    of: 'memory',
    breaks: 'Where a topic may keep so many bytes, it keeps none.',
    caughtBy: 'RTN-07',
    says: /nothing is kept/,
    adapter: inner => keeping(inner, ({ bytes, ...retention }) => (bytes === undefined ? retention : { bytes: 1 })),
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

/** An adapter that keeps handled messages by another rule than it is told. */
const keeping = (inner: Adapter, rule: (retention: Retention) => Retention): Adapter =>
  decorate(inner, {
    connection: connection => ({
      declare: (topics, subscriptions) =>
        connection.declare(
          topics.map(topic => ({ ...topic, retention: rule(topic.retention) })),
          subscriptions,
        ),
    }),
  })
