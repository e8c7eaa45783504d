import { type Environment, NO_EXCEPTIONS, type Settled, type Source, type Token } from '@pluribus/core/driver'
import { decorate } from '../history/decorate.js'
import { settlingAtTheEnd } from './holding.js'
import { LAG } from './lag.js'
import { mapOutgoing } from './map-batches.js'
import { ackingInstead } from './map-settlements.js'
import { defineSaboteurs } from './saboteur.js'
import { writingBehind } from './writing-behind.js'

/** What goes wrong when a process closes, where it publishes within handlers, and where it is mistaken. */
export const CLOSING = defineSaboteurs(
  {
    name: 'drops-what-is-given-back',
    of: 'memory',
    breaks: 'What a closing process gives back is acked.',
    caughtBy: 'SHD-02',
    says: /the rest to be acked by another process/,
    adapter: inner => ackingInstead(inner, ({ kind }) => kind === 'release'),
  },
  {
    name: 'what-runs-at-the-end-has-failed',
    of: 'memory',
    breaks: 'What a source holds when it is closed has one attempt less.',
    caughtBy: 'SHD-04',
    says: /its attempt/,
    adapter: inner => decorate(inner, { source: source => settlingAtTheEnd(source, failed) }),
  },
  {
    name: 'closing-forgets-late-acks',
    of: 'memory',
    breaks: 'Acks that come while a process closes are answered and not stored.',
    caughtBy: 'SHD-01',
    says: /was handed out again after it had been acked/,
    adapter: inner =>
      decorate(inner, {
        source: source => {
          let isLate = false
          return {
            pull: source.pull.bind(source),
            async settle(settled) {
              // Giving back is how closing begins.
              isLate ||= settled.others.some(({ kind }) => kind === 'release')
              return isLate ? source.settle({ ...settled, acks: [] }) : source.settle(settled)
            },
          }
        },
      }),
  },
  {
    name: 'last-acks-are-left-behind',
    of: 'tcp',
    breaks:
      'Acks are told to be stored, and stored a little later, unless their process has closed by then: they come again elsewhere.',
    caughtBy: 'SHD-13',
    says: /the runs in all processes: each message once: too many|was handed out again after it had been acked/,
    adapter: inner => decorate(inner, { source: ackingLate }),
  },
  {
    name: 'publishes-are-written-behind',
    of: 'memory',
    breaks: 'A publish is confirmed, and stored a little later; the last ones are lost when the process closes.',
    caughtBy: 'SHD-05',
    says: /messages that were sent to be acked/,
    adapter: inner => writingBehind(inner, () => true),
  },
  {
    name: 'forgets-who-caused-it',
    of: 'memory',
    breaks: 'The id of the cause is not stored.',
    caughtBy: 'HND-12',
    says: /cause and root of each message/,
    adapter: inner => mapOutgoing(inner, () => ({ causationId: undefined })),
  },
  {
    name: 'what-is-not-there-is-empty',
    of: 'memory',
    breaks: 'Counts of a subscription that does not exist are zero.',
    caughtBy: 'ERR-06',
    says: /counts of a subscription that there is not: it should be rejected with NOT_FOUND/,
    adapter: inner =>
      decorate(inner, {
        persistence: persistence => ({
          counts: subscription =>
            persistence
              .counts(subscription)
              .catch(() => ({ waiting: 0, leased: 0, retrying: 0, scheduled: 0, dead: 0 })),
        }),
      }),
  },
)

function failed(held: readonly Token[]): Settled {
  const error = { name: 'Error', message: 'closed', attempt: 1, time: 0 }
  return { acks: [], others: held.map(token => ({ kind: 'retry', token, delay: 0, error })) }
}

function ackingLate(source: Source, { timers }: Environment): Partial<Source> {
  let isOver = false
  return {
    async settle({ acks, others }) {
      timers.setTimeout(() => {
        // Where it has closed by then, nobody asks.
        if (!isOver) void source.settle({ acks, others: [] })
      }, LAG)
      return others.length === 0 ? NO_EXCEPTIONS : source.settle({ acks: [], others })
    },
    close() {
      isOver = true
      return source.close()
    },
  }
}
