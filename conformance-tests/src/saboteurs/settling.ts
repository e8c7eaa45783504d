import { NO_EXCEPTIONS, type Source } from '@pluribus/core/driver'
import { decorate } from '../history/decorate.js'
import { mapSettlements } from './map-settlements.js'
import { mapOpened } from './map-subscriptions.js'
import { defineSaboteurs } from './saboteur.js'

/** What goes wrong when deliveries are settled. */
export const SETTLING = defineSaboteurs(
  {
    name: 'acks-are-forgotten',
    of: 'memory',
    breaks: 'Every second ack is answered as done and never reaches the store.',
    caughtBy: 'ACK-01',
    says: /handed out again after it had been acked|nothing more was due/,
    adapter(inner) {
      let acks = 0
      return decorate(inner, {
        source: source => ({
          settle: settled => source.settle({ ...settled, acks: settled.acks.filter(() => ++acks % 2 === 1) }),
        }),
      })
    },
  },
  {
    name: 'ack-acks-everything-before',
    of: 'memory',
    breaks: 'An ack is cumulative: it acks whatever the source was given before.',
    caughtBy: 'ACK-06',
    says: /2 deliveries were due .* and 1 came/,
    adapter: inner => decorate(inner, { source: cumulative }),
  },
  {
    name: 'late-ack-is-not-told',
    of: 'memory',
    breaks: 'A stale ack is answered as if it had taken effect.',
    caughtBy: 'LSE-03',
    says: /what the late ack is told/,
    adapter: inner =>
      decorate(inner, {
        source: source => ({
          async settle(settled) {
            await source.settle(settled)
            return NO_EXCEPTIONS
          },
        }),
      }),
  },
  {
    name: 'next-source-starts-afresh',
    of: 'memory',
    breaks: 'A source takes nothing over from the one before it: what that one held waits for the end of its lease.',
    caughtBy: 'LSE-17',
    says: /how many came over/,
    adapter: inner => mapOpened(inner, ({ lease, window }) => ({ lease, window })),
  },
  {
    name: 'retry-ignores-its-delay',
    of: 'memory',
    breaks: 'A retry comes back at once.',
    caughtBy: 'RTY-05',
    says: /milliseconds before attempt 2/,
    adapter: inner => mapSettlements(inner, one => (one.kind === 'retry' ? { ...one, delay: 0 } : one)),
  },
)

function cumulative(source: Source): Partial<Source> {
  const given: unknown[] = []
  return {
    async pull(max) {
      const pulled = await source.pull(max)
      given.push(...pulled.deliveries.map(({ token }) => token))
      return pulled
    },
    settle(settled) {
      const last = Math.max(-1, ...settled.acks.map(token => given.indexOf(token)))
      const acks = given.splice(0, last + 1) as typeof settled.acks
      return source.settle({ ...settled, acks })
    },
  }
}
