import { decorate } from '../history/decorate.js'
import { mapDeliveries } from './map-deliveries.js'
import { defineSaboteurs } from './saboteur.js'

/** What goes wrong when consumers vanish. */
export const LOSING = defineSaboteurs(
  {
    name: 'every-loss-is-a-mark',
    of: 'memory',
    breaks: 'Losses are held against a message whether it was marked or not: it dies too soon.',
    caughtBy: 'LSS-01',
    says: /reason and losses of message 137: expected .*5/,
    adapter: inner => mapDeliveries(inner, delivery => ({ ...delivery, marks: delivery.losses })),
  },
  {
    name: 'closing-vanishes',
    of: 'memory',
    breaks: 'A source that is closed gives nothing back: its leases end, as if its process had died.',
    caughtBy: 'LSS-04',
    says: /the losses that were counted/,
    adapter: inner =>
      decorate(inner, { source: () => ({ close: async () => {} }), connection: () => ({ close: async () => {} }) }),
  },
  {
    name: 'marks-are-forgotten',
    of: 'memory',
    breaks: 'A mark is answered as stored and is not.',
    caughtBy: 'LSS-06',
    says: /losses, marks, and whether it is a suspect/,
    adapter: inner => decorate(inner, { source: () => ({ mark: async () => {} }) }),
  },
  {
    name: 'marks-are-refused',
    of: 'memory',
    breaks: 'No mark can be stored, at any time.',
    caughtBy: 'LSS-13',
    says: /the suspect and three others to be acked/,
    adapter: inner =>
      decorate(inner, { source: () => ({ mark: () => Promise.reject(new Error('there is no room for a mark')) }) }),
  },
  {
    name: 'a-suspect-ends-the-demand',
    of: 'memory',
    breaks: 'A pull that was cut short by a suspect does not say that there is more.',
    caughtBy: 'LSS-07',
    says: /whether it says that there is more/,
    adapter: inner =>
      decorate(inner, {
        source: source => ({
          async pull(max) {
            const { more: _, ...rest } = await source.pull(max)
            return rest
          },
        }),
      }),
  },
)
