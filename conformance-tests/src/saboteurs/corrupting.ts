import type { Delivery } from '@pluribus/core/driver'
import { decorate } from '../history/decorate.js'
import { choosing, dropping, handingOut } from './handing-out.js'
import { mapOutgoing } from './map-batches.js'
import { ackingInstead, mapSettlements } from './map-settlements.js'
import { messageLike } from './message-like.js'
import { defineSaboteurs, type Saboteur } from './saboteur.js'

/** Does something to every hundredth delivery. */
function everyHundredth(change: (delivery: Delivery) => readonly Delivery[]) {
  let seen = 0
  return (deliveries: readonly Delivery[]) =>
    deliveries.flatMap(delivery => (++seen % 100 === 0 ? change(delivery) : [delivery]))
}

const HANDING_OUT: readonly (readonly [string, string, RegExp, (delivery: Delivery) => readonly Delivery[]])[] = [
  ['hands-out-two', 'is handed out twice', /was handed out to p\d+ while p\d+ held it/, one => [one, one]],
  [
    'invents',
    'comes with an id that nobody has published',
    /was handed out, and nobody had published it/,
    one => [{ ...one, message: messageLike(one.message, { id: `invented-${one.message.id}` }) }],
  ],
  [
    'alters-headers',
    'has a header more than it was published with',
    /was altered: what was handed out .*is not what was published/,
    one => [{ ...one, message: messageLike(one.message, { headers: { ...one.message.headers, stray: '1' } }) }],
  ],
  [
    'counts-from-zero',
    'says that it is attempt 0',
    /came as attempt 0, where 1 was due/,
    one => [{ ...one, attempt: 0 }],
  ],
]

/** What only a history shows. */
export const CORRUPTING = defineSaboteurs(
  ...HANDING_OUT.map(
    ([name, what, says, change]): Saboteur => ({
      ...{ name, of: 'memory', breaks: `One delivery in a hundred ${what}.`, caughtBy: 'HIS-15', says },
      adapter(inner) {
        const changing = everyHundredth(change)
        return decorate(inner, { source: source => handingOut(source, changing) })
      },
    }),
  ),
  {
    name: 'drops-one-in-a-hundred',
    of: 'memory',
    breaks: 'One delivery in a hundred is acked and not handed out.',
    caughtBy: 'HIS-15',
    says: /is lost: neither acked nor dead nor waiting/,
    adapter(inner) {
      let seen = 0
      return decorate(inner, { source: source => dropping(source, () => ++seen % 100 === 0) })
    },
  },
  {
    name: 'a-new-source-drops-its-first',
    of: 'memory',
    breaks: 'A source that replaces another one acks its first delivery and does not hand it out.',
    caughtBy: 'HIS-16',
    says: /everything to be handled/,
    adapter(inner) {
      let sources = 0
      return decorate(inner, {
        source(source) {
          // Two subscriptions: the first two sources are their first ones.
          let isFirst = ++sources > 2
          return dropping(source, () => {
            const isDropped = isFirst
            isFirst = false
            return isDropped
          })
        },
      })
    },
  },
  {
    name: 'a-release-is-an-ack',
    of: 'memory',
    breaks: 'One release in three acks.',
    caughtBy: 'PBT-01',
    says: /shortened from 30 to \d+: /,
    adapter(inner) {
      let releases = 0
      return ackingInstead(inner, ({ kind }) => kind === 'release' && ++releases % 3 === 0)
    },
  },
  {
    name: 'delays-of-retries-are-quadrupled',
    of: 'memory',
    breaks: 'A retry comes after four times its delay.',
    caughtBy: 'PBT-03',
    says: /shortened from 30 to \d+: .*retry/,
    adapter: inner => mapSettlements(inner, one => (one.kind === 'retry' ? { ...one, delay: 4 * one.delay } : one)),
  },
  {
    name: 'ids-are-forgotten',
    of: 'memory',
    breaks: 'An id that is published again is stored again.',
    caughtBy: 'PBT-06',
    says: /was stored, and must not have been/,
    adapter: inner => mapOutgoing(inner, () => ({ idSupplied: false })),
  },
  {
    name: 'attempts-are-not-all-counted',
    of: 'memory',
    breaks: 'One failed run in three is given back as if it had not been.',
    caughtBy: 'PBT-05',
    says: /runs of each message where 2 attempts are allowed/,
    adapter(inner) {
      let failures = 0
      return mapSettlements(inner, one =>
        one.kind === 'retry' && ++failures % 3 === 0 ? { kind: 'release', token: one.token } : one,
      )
    },
  },
  {
    name: 'looks-at-everything',
    of: 'memory',
    breaks: 'A pull fetches all that waits, and gives back what was not asked for.',
    caughtBy: 'SMK-03',
    says: /times as long as with 200/,
    adapter: inner =>
      decorate(inner, {
        source: source =>
          choosing(
            source,
            max => max * 10_000,
            (deliveries, max) => deliveries.slice(0, max),
          ),
      }),
  },
  {
    name: 'never-rests',
    of: 'memory',
    breaks: 'A source says again and again that there is something, where there is nothing.',
    caughtBy: 'SMK-04',
    says: /pulls of 5 idle consumers in 18 quiet periods: expected 0 to 90, found/,
    adapter: inner =>
      decorate(inner, {
        source: source => ({ pull: async max => ({ ...(await source.pull(max)), dueIn: 20 }) }),
      }),
  },
)
