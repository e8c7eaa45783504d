import type { Adapter, Delivery, Environment, OpenOptions, Source, SourceEvents, Token } from '@pluribus/core/driver'
import { NO_EXCEPTIONS } from '@pluribus/core/driver'
import { decorate, sourceLike } from '../history/decorate.js'
import { messageLike, outgoingLike } from './message-like.js'
import { defineSaboteurs } from './saboteur.js'

const HIDDEN = 'x-hidden-key'
const LONGEST = 2 ** 31 - 1

/** What core never hears of. */
const deafTo = (inner: Adapter): Adapter =>
  decorate(inner, {
    subscriber: subscriber => ({
      async open(spec, options, events) {
        const opened = await subscriber.open(spec, options, { ...bound(events), lost() {} })
        return sourceLike(opened, {
          async renew(batch) {
            await opened.renew?.(batch)
            return NO_EXCEPTIONS
          },
        })
      },
    }),
  })

const bound = (events: SourceEvents): SourceEvents => ({
  wake: () => events.wake(),
  lost: tokens => events.lost(tokens),
  ended: cause => events.ended(cause),
})

/** The key travels where the gate does not see it, and is itself again in what core gets. */
const ungated = (inner: Adapter): Adapter =>
  decorate(inner, {
    publisher: publisher => ({
      publish: batch =>
        publisher.publish(
          batch.map(message =>
            message.key === undefined
              ? message
              : outgoingLike(message, { key: undefined, headers: { ...message.headers, [HIDDEN]: message.key } }),
          ),
        ),
    }),
    source: source => ({
      async pull(max) {
        const pulled = await source.pull(max)
        return { ...pulled, deliveries: pulled.deliveries.map(withItsKey) }
      },
    }),
  })

function withItsKey(delivery: Delivery): Delivery {
  const { [HIDDEN]: key, ...headers } = delivery.message.headers
  return key === undefined ? delivery : { ...delivery, message: messageLike(delivery.message, { key, headers }) }
}

/** Keyed retries, held by the process alone: the original is done, so that its key is open, and comes back behind others. */
function overtaken(source: Source, { timers }: Environment, events: SourceEvents): Source {
  const known = new Map<Token, Delivery>()
  const invented = new Set<Token>()
  const due: Delivery[] = []
  const held = (delivery: Delivery, delay: number) =>
    timers.setTimeout(() => {
      const token = { of: delivery.token }
      invented.add(token)
      due.push({ ...delivery, token, attempt: delivery.attempt + 1 })
      events.wake()
    }, delay)
  return sourceLike(source, {
    async pull(max) {
      const { deliveries, ...more } = await source.pull(max)
      const all = [...deliveries, ...due.splice(0, max - deliveries.length)]
      for (const delivery of all) known.set(delivery.token, delivery)
      return { ...more, deliveries: all }
    },
    async settle({ acks, others }) {
      const taken = others.filter(({ kind, token }) => kind === 'retry' && known.get(token)?.message.key !== undefined)
      for (const settlement of taken) {
        const delivery = known.get(settlement.token)
        if (settlement.kind === 'retry' && delivery !== undefined) held(delivery, settlement.delay)
      }
      const done = taken.map(({ token }) => token)
      return source.settle({
        acks: [...acks, ...done].filter(token => !invented.has(token)),
        others: others.filter(settlement => !taken.includes(settlement) && !invented.has(settlement.token)),
      })
    },
  })
}

/** What the adapter of a log broker can do wrong with what it has read, and what core has in hand. */
export const LOG_HANDING_OUT = defineSaboteurs(
  {
    name: 'log-key-gate-is-open',
    of: 'sim-log',
    breaks: 'Messages of one key are handed out beside each other.',
    caughtBy: 'KEY-01',
    says: /the order of the runs of key/,
    adapter: ungated,
  },
  {
    name: 'log-held-retry-opens-its-key',
    of: 'sim-log',
    breaks: 'While a message is held for its next attempt, others of its key overtake it.',
    caughtBy: 'HLD-01',
    says: /\[keyOrder\] .* was handed out while .*, published before it, had not been finished/,
    adapter: inner =>
      decorate(inner, {
        subscriber: (subscriber, environment) => ({
          open: async (spec, options, events) =>
            overtaken(await subscriber.open(spec, options, events), environment, events),
        }),
      }),
  },
  {
    name: 'log-revocation-is-not-told',
    of: 'sim-log',
    breaks: 'What is taken away, with its partition or with its lease, is not told to be lost.',
    caughtBy: 'LSE-21',
    says: /the first one to be told that it has lost what another one was given/,
    adapter: deafTo,
  },
  {
    name: 'log-window-ignores-priority',
    of: 'sim-log',
    breaks: 'What has been fetched is handed out in the order in which it came, whatever is urgent.',
    caughtBy: 'PRI-16',
    says: /the order of the runs: expected/,
    adapter: inner =>
      decorate(inner, {
        subscriber: subscriber => ({
          open: (spec, options, events) =>
            subscriber.open({ ...spec, discipline: { kind: 'fifo', levels: 1, atLeast: 'exact' } }, options, events),
        }),
      }),
  },
  {
    name: 'log-lease-never-ends',
    of: 'sim-log',
    breaks: 'What core neither settles nor renews is never taken back.',
    caughtBy: 'LSE-20',
    says: /1 deliveries were due within \d+ ms, and 0 came/,
    adapter: inner =>
      decorate(inner, {
        subscriber: subscriber => ({
          open: (spec, options: OpenOptions, events) =>
            subscriber.open(spec, { ...options, lease: LONGEST - 1 }, events),
        }),
      }),
  },
)
