import { NO_EXCEPTIONS, NOTHING_PULLED, type Source, type Token } from '@pluribus/core/driver'
import { decorate, sourceLike } from '../history/decorate.js'
import { ackingAtOnce, acksOf } from './handing-out.js'
import { holding } from './holding.js'
import { defineSaboteurs } from './saboteur.js'

/** The most acks of one batch that a broken adapter stores. */
const FEW = 5

/** What goes wrong when deliveries are acked. */
export const ACKING = defineSaboteurs(
  {
    name: 'acks-before-the-handler',
    of: 'memory',
    breaks: 'What is handed out is acked at once, and what is settled later is ignored.',
    caughtBy: 'ACK-02',
    says: /the message, whose handler had not ended, to come to another process/,
    adapter: inner => decorate(inner, { source: ackingAtOnce }),
  },
  {
    name: 'hands-out-what-it-holds',
    of: 'memory',
    breaks: 'A pull that finds nothing hands out once more what the source holds.',
    caughtBy: 'ACK-03',
    says: /nothing may come, because the only message is held/,
    adapter: inner => decorate(inner, { source: repeating }),
  },
  {
    name: 'second-ack-breaks-the-source',
    of: 'memory',
    breaks: 'Acking twice makes the source deaf, as an unknown delivery tag closes a channel of RabbitMQ.',
    caughtBy: 'ACK-04',
    says: /1 deliveries were due .* and 0 came/,
    adapter: inner => decorate(inner, { source: offended }),
  },
  {
    name: 'last-settlement-wins',
    of: 'memory',
    breaks: 'An ack that follows a retry acks the message although it is to be tried again.',
    caughtBy: 'ACK-05',
    says: /1 deliveries were due .* and 0 came/,
    adapter: inner => decorate(inner, { source: forgiving }),
  },
  {
    name: 'large-batches-of-acks-are-cut',
    of: 'memory',
    breaks: `Of a batch of acks the first ${FEW} are stored, and all of them confirmed.`,
    caughtBy: 'ACK-09',
    says: /was handed out again after it had been acked/,
    adapter: inner =>
      decorate(inner, {
        source: source => ({ settle: settled => source.settle({ ...settled, acks: settled.acks.slice(0, FEW) }) }),
      }),
  },
  {
    name: 'one-stale-ack-spoils-the-batch',
    of: 'memory',
    breaks: 'A batch of acks ends at the first one that comes too late.',
    caughtBy: 'ACK-10',
    says: /the exceptions of a batch/,
    adapter: inner =>
      decorate(inner, {
        source: source => ({
          async settle({ acks, others }) {
            await source.settle({ acks: [], others })
            for (const token of acks) {
              const exceptions = await source.settle({ acks: [token], others: [] })
              if (exceptions.length > 0) return exceptions
            }
            return NO_EXCEPTIONS
          },
        }),
      }),
  },
  {
    name: 'acks-are-written-behind',
    of: 'memory',
    breaks: 'Acks are confirmed, and stored with the next batch; the last ones die with the process.',
    caughtBy: 'ACK-12',
    says: /was handed out again after it had been acked/,
    adapter: inner => decorate(inner, { source: writingBehind }),
  },
  {
    name: 'counts-what-is-held-as-waiting',
    of: 'memory',
    breaks: 'What is handed out is counted as waiting.',
    caughtBy: 'ACK-14',
    says: /the counts of billing/,
    adapter: inner =>
      decorate(inner, {
        persistence: persistence => ({
          async counts(subscription) {
            const { waiting = 0, leased = 0, ...rest } = await persistence.counts(subscription)
            return { ...rest, waiting: waiting + leased, leased: 0 }
          },
        }),
      }),
  },
)

function repeating(inner: Source): Source {
  const { held, source } = holding(inner)
  return sourceLike(source, {
    async pull(max) {
      const pulled = await source.pull(max)
      const isRepeated = pulled.deliveries.length === 0 && held.size > 0
      return isRepeated ? { deliveries: [...held.values()].slice(0, max) } : pulled
    },
  })
}

function offended(source: Source): Partial<Source> {
  let isDeaf = false
  return {
    pull: async max => (isDeaf ? NOTHING_PULLED : source.pull(max)),
    async settle(settled) {
      const exceptions = await source.settle(settled)
      isDeaf ||= exceptions.length > 0
      return exceptions
    },
  }
}

function forgiving(source: Source): Partial<Source> {
  return {
    async settle(settled) {
      const exceptions = await source.settle(settled)
      if (settled.acks.length > 0 && exceptions.length > 0) {
        const { deliveries } = await source.pull(1)
        await source.settle(acksOf(deliveries))
      }
      return exceptions
    },
  }
}

function writingBehind(source: Source): Partial<Source> {
  let behind: readonly Token[] = []
  return {
    async settle({ acks, others }) {
      const due = behind
      behind = acks
      return source.settle({ acks: due, others })
    },
  }
}
