import {
  type Connection,
  type Environment,
  NO_EXCEPTIONS,
  NOTHING_PULLED,
  type OpenOptions,
  type Source,
  type SourceEvents,
  type SubscriptionSpec,
} from '@pluribus/core/driver'
import { decorate } from '../history/decorate.js'
import { acksOf, handingOut } from './handing-out.js'
import { settlingAtTheEnd } from './holding.js'
import { mapDeclared } from './map-subscriptions.js'
import { defineSaboteurs } from './saboteur.js'

/** How long what should have been done takes, in milliseconds. */
const LATER = 1
/** How long a timer is left behind, in real milliseconds. */
const LEFT = 1_000

const MANY = 1_000

/** All sources that are open, whoever has opened them. */
const everywhere = new Set<Source>()

/** What goes wrong when consumers come and go. */
export const SUBSCRIBING = defineSaboteurs(
  {
    name: 'subscribing-is-effective-later',
    of: 'memory',
    breaks: 'A subscription is made a millisecond after it was said to be there.',
    caughtBy: 'LIF-15',
    says: /what was published right after subscribing to come/,
    adapter: inner =>
      decorate(inner, {
        connection: (connection, environment) => ({
          declare: topics => connection.declare(topics, []),
          subscriber: {
            open: async (spec, options, events) => lateSource(connection, environment, spec, options, events),
            remove: name => connection.subscriber.remove(name),
          },
        }),
      }),
  },
  {
    name: 'closing-closes-everybody',
    of: 'memory',
    breaks: 'A connection that is closed takes the sources of all others with it.',
    caughtBy: 'LIF-01',
    says: /the broker that is still open to ack a message/,
    adapter: inner =>
      decorate(inner, {
        source(source) {
          everywhere.add(source)
          return {}
        },
        connection: connection => ({
          async close() {
            await Promise.all([...everywhere].map(source => source.close()))
            everywhere.clear()
            await connection.close()
          },
        }),
      }),
  },
  {
    name: 'connecting-leaves-a-timer',
    of: 'memory',
    breaks: 'Each connection leaves a timer behind.',
    caughtBy: 'LIF-12',
    says: /about the \d+ resources that the process held/,
    adapter: inner =>
      decorate(inner, {
        connection() {
          setTimeout(() => {}, LEFT)
          return {}
        },
      }),
  },
  {
    name: 'subscriptions-start-at-the-end',
    of: 'memory',
    breaks: 'A new subscription gets what comes from now on, whatever it asks for.',
    caughtBy: 'SUB-02',
    says: /five messages from before the subscription/,
    adapter: inner => mapDeclared(inner, spec => ({ ...spec, from: 'latest' })),
  },
  {
    name: 'what-comes-meanwhile-is-skipped',
    of: 'memory',
    breaks: 'A consumer that comes back starts with what is published from then on.',
    caughtBy: 'SUB-05',
    says: /the twenty messages that came meanwhile/,
    adapter(inner) {
      const seen = new Set<string>()
      return decorate(inner, {
        subscriber: subscriber => ({
          async open(spec, options, events) {
            const source = await subscriber.open(spec, options, events)
            const name = `${spec.topic}/${spec.name}`
            if (seen.has(name)) await skip(source)
            seen.add(name)
            return source
          },
        }),
      })
    },
  },
  {
    name: 'closing-acks-what-is-held',
    of: 'memory',
    breaks: 'A source that is closed acks what it has handed out.',
    caughtBy: 'SUB-13',
    says: /Not within .* messages to be handled/,
    adapter: inner => decorate(inner, { source: source => settlingAtTheEnd(source, acks => ({ acks, others: [] })) }),
  },
  {
    name: 'the-last-one-clears-up',
    of: 'memory',
    breaks: 'A connection that is closed drops what nobody consumes.',
    caughtBy: 'PER-01',
    says: /messages of a broker that is closed/,
    adapter: inner =>
      decorate(inner, {
        connection: connection => ({
          async close() {
            for (const spec of await connection.persistence.subscriptions()) {
              const options = { window: MANY, lease: MANY, consumer: { id: 0, generation: 0 } }
              const source = await connection.subscriber.open(spec, options, { wake() {}, lost() {}, ended() {} })
              await skip(source)
              await source.close()
            }
            await connection.close()
          },
        }),
      }),
  },
  {
    name: 'a-new-consumer-counts-from-one',
    of: 'memory',
    breaks: 'A source hands out as first attempts what another one has seen fail.',
    caughtBy: 'PER-03',
    says: /the retried and the delayed one, and their attempts/,
    adapter: inner => decorate(inner, { source: forgetful }),
  },
  {
    name: 'removal-is-silent',
    of: 'memory',
    breaks: 'A source whose subscription is removed goes on, and never gets anything.',
    caughtBy: 'SUB-12',
    says: /the consumer to say that its subscription is gone/,
    adapter: inner =>
      decorate(inner, {
        subscriber: subscriber => ({
          open: (spec, options, events) =>
            subscriber.open(spec, options, { wake: events.wake, lost: events.lost, ended() {} }),
        }),
      }),
  },
)

/** A source that is opened a little later than it is handed over. */
function lateSource(
  connection: Connection,
  { timers }: Environment,
  spec: SubscriptionSpec,
  options: OpenOptions,
  events: SourceEvents,
): Source {
  let opened: Source | undefined
  const open = async () => {
    await connection.declare([], [spec])
    opened = await connection.subscriber.open(spec, options, events)
    events.wake()
  }
  const timer = timers.setTimeout(() => void open().catch(events.ended), LATER)
  return {
    pull: async max => opened?.pull(max) ?? NOTHING_PULLED,
    settle: async settled => opened?.settle(settled) ?? NO_EXCEPTIONS,
    renew: async batch => opened?.renew?.(batch) ?? [],
    mark: async delivery => opened?.mark(delivery),
    async close() {
      timers.clearTimeout(timer)
      await opened?.close()
    },
  }
}

async function skip(source: Source): Promise<void> {
  const { deliveries } = await source.pull(MANY)
  await source.settle(acksOf(deliveries))
}

function forgetful(source: Source): Partial<Source> {
  const seen = new Set<string>()
  return handingOut(source, deliveries => {
    const counted = deliveries.map(delivery => (seen.has(delivery.message.id) ? delivery : { ...delivery, attempt: 1 }))
    for (const { message } of counted) seen.add(message.id)
    return counted
  })
}
