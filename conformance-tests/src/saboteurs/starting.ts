import type { Adapter, Source, Start } from '@pluribus/core/driver'
import { decorate } from '../history/decorate.js'
import { acksOf, dropping, handingOut } from './handing-out.js'
import { mapDeclared } from './map-subscriptions.js'
import { defineSaboteurs } from './saboteur.js'

/** What goes wrong with where subscriptions start, and with what is kept. */
export const STARTING = defineSaboteurs(
  {
    name: 'starts-at-the-latest',
    of: 'memory',
    breaks: 'A new subscription begins with what comes next, whatever it says.',
    caughtBy: 'GRP-07',
    says: /10 messages to be acked/,
    adapter: inner => starting(inner, () => 'latest'),
  },
  {
    name: 'latest-is-ignored',
    of: 'memory',
    breaks: 'A subscription that is to start at the latest starts at the earliest.',
    caughtBy: 'RPL-09',
    says: /nothing more was due|what came/,
    adapter: inner => starting(inner, from => (from === 'latest' ? 'earliest' : from)),
  },
  {
    name: 'time-is-ignored',
    of: 'memory',
    breaks: 'A subscription that is to start at a time starts at the earliest.',
    caughtBy: 'RPL-02',
    says: /nothing more was due|what came/,
    adapter: inner => starting(inner, from => (typeof from === 'object' && 'time' in from ? 'earliest' : from)),
  },
  {
    name: 'a-missing-id-is-ignored',
    of: 'memory',
    breaks: 'A subscription that is to start at a message that is not there starts at the earliest.',
    caughtBy: 'RPL-03',
    says: /should have been rejected with NOT_FOUND; it resolved/,
    adapter: inner =>
      starting(inner, from =>
        typeof from === 'object' && 'id' in from && from.id.startsWith('nowhere') ? 'earliest' : from,
      ),
  },
  {
    name: 'the-seam-leaks',
    of: 'memory',
    breaks: 'The last message of the first pull is acked and not handed out.',
    caughtBy: 'RPL-01',
    says: /what came: .*first difference|neither acked nor dead nor waiting|messages to be acked/s,
    adapter: inner => decorate(inner, { source: forgettingOne }),
  },
  {
    name: 'history-forgets-the-dead',
    of: 'memory',
    breaks: 'History leaves the fourth message out.',
    caughtBy: 'RPL-11',
    says: /the history: /,
    adapter: inner =>
      decorate(inner, {
        persistence: persistence => ({
          async *history(topic, range) {
            let n = 0
            for await (const message of persistence.history(topic, range)) if (++n !== 4) yield message
          },
        }),
      }),
  },
  {
    name: 'retention-takes-what-is-pending',
    of: 'memory',
    breaks: 'What is older than a minute is gone, whether it was handled or not.',
    caughtBy: 'RPL-13',
    says: /12 messages to be acked/,
    adapter: inner =>
      decorate(inner, {
        source: (source, { clock }) => dropping(source, ({ message }) => message.time < clock.now() - 60_000),
      }),
  },
)

const starting = (inner: Adapter, startOf: (from: Start) => Start): Adapter =>
  mapDeclared(inner, spec => ({ ...spec, from: startOf(spec.from) }))

/** The last one of the first pull is acked and not handed out. */
function forgettingOne(source: Source): Partial<Source> {
  let isFirst = true
  return handingOut(source, async deliveries => {
    if (!isFirst || deliveries.length === 0) return deliveries
    isFirst = false
    await source.settle(acksOf(deliveries.slice(-1)))
    return deliveries.slice(0, -1)
  })
}
