import type { Delivery, Retention } from '@pluribus/core/driver'
import { decorate } from '../history/decorate.js'
import { altered } from './altered.js'
import { defineSaboteurs } from './saboteur.js'

/** What goes wrong with what is stored. */
export const STORING = defineSaboteurs(
  {
    name: 'ids-are-not-recognised',
    of: 'memory',
    breaks: 'What is published again under its id is stored again.',
    caughtBy: 'OUT-04',
    says: /nothing more was due|what came/,
    adapter: inner =>
      decorate(inner, {
        publisher: publisher => ({
          publish: batch => publisher.publish(batch.map(message => altered(message, { idSupplied: false }))),
        }),
      }),
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
        source: (source, { clock }) => ({
          async pull(max) {
            const pulled = await source.pull(max)
            const isKept = ({ message }: Delivery) => clock.now() - message.time <= (retention.age ?? Infinity)
            const gone = pulled.deliveries.filter(delivery => !isKept(delivery))
            await source.settle({ acks: gone.map(({ token }) => token), others: [] })
            return { ...pulled, deliveries: pulled.deliveries.filter(isKept) }
          },
        }),
      })
    },
  },
)
