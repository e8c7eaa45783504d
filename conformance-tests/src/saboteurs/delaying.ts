import type { Adapter, OutgoingMessage } from '@pluribus/core/driver'
import { decorate } from '../history/decorate.js'
import { mapBatches, mapOutgoing } from './map-batches.js'
import { defineSaboteurs } from './saboteur.js'

/** What goes wrong with delayed messages. */
export const DELAYING = defineSaboteurs(
  {
    name: 'delays-are-rounded-down',
    of: 'memory',
    breaks: 'A delay loses what exceeds a multiple of 100 ms.',
    caughtBy: 'DLY-01',
    says: /a message that was delayed by \d+ ms came \d+ ms after it was published/,
    adapter: inner => delaying(inner, ({ delay }) => delay - (delay % 100)),
  },
  {
    name: 'a-long-delay-blocks',
    of: 'memory',
    breaks: 'Delayed messages stand in one queue: none is due before the one in front of it.',
    caughtBy: 'DLY-02',
    says: /the order of the runs, 2 being the one with the short delay/,
    adapter(inner) {
      let longest = 0
      return delaying(inner, ({ delay }) => {
        if (delay > 0) longest = Math.max(longest, delay)
        return delay > 0 ? longest : 0
      })
    },
  },
  {
    name: 'long-delays-overflow',
    of: 'memory',
    breaks: 'A delay above 2^31 ms ends at once, as a timer of Node does.',
    caughtBy: 'DLY-10',
    says: /nothing more was due, and there came/,
    adapter: inner => delaying(inner, ({ delay }) => (delay >= 2 ** 31 ? 1 : delay)),
  },
  {
    name: 'delays-follow-the-wall-clock',
    of: 'memory',
    breaks: "A message is due by its publisher's clock, read by another's.",
    caughtBy: 'DLY-12',
    says: /three delayed messages to run|delayed by \d+ ms, it came after/,
    adapter: inner => delaying(inner, ({ delay, time }, now) => (delay > 0 ? Math.max(0, time + delay - now) : 0)),
  },
  {
    name: 'a-batch-is-due-from-its-end',
    of: 'memory',
    breaks: 'Of those that are due together, the last one comes first.',
    caughtBy: 'DLY-03',
    says: /the order of the runs/,
    adapter: inner => mapBatches(inner, batch => batch.toReversed()),
  },
  {
    name: 'a-delayed-message-has-its-place-at-once',
    of: 'memory',
    breaks: 'A delayed message is stored without a delay.',
    caughtBy: 'FIF-12',
    says: /the order of the runs, the delayed message being the fifth/,
    adapter: inner => delaying(inner, () => 0),
  },
  {
    name: 'what-is-delayed-counts-as-waiting',
    of: 'memory',
    breaks: 'Counts do not tell what is delayed from what waits.',
    caughtBy: 'DLY-07',
    says: /waiting and scheduled before they are due/,
    adapter: inner =>
      decorate(inner, {
        persistence: persistence => ({
          async counts(subscription) {
            const counts = await persistence.counts(subscription)
            return { ...counts, waiting: (counts.waiting ?? 0) + (counts.scheduled ?? 0), scheduled: 0 }
          },
        }),
      }),
  },
)

/** What the wall clock of a virtual time shows at its beginning. */
const START = Date.UTC(2026, 0, 1)

/** Messages are stored with another delay. `now` is what the wall clock of everybody else shows. */
const delaying = (inner: Adapter, delayOf: (message: OutgoingMessage, now: number) => number): Adapter =>
  mapOutgoing(inner, (message, { clock }) => ({ delay: delayOf(message, START + clock.monotonic()) }))
