import {
  type Adapter,
  type Delivery,
  type Environment,
  NOTHING_PULLED,
  type Subscriber,
  type SubscriptionName,
} from '@pluribus/core/driver'
import { decorate, sourceLike, subscriberLike } from '../history/decorate.js'
import { mapDeliveries } from './map-deliveries.js'
import { mapOpened } from './map-subscriptions.js'
import { messageLike } from './message-like.js'
import { defineSaboteurs } from './saboteur.js'

/** What goes wrong between subscriptions, and between the consumers of one. */
export const SHARING = defineSaboteurs(
  {
    name: 'subscriptions-share-a-cursor',
    of: 'memory',
    breaks: 'All subscriptions of a topic are one.',
    caughtBy: 'GRP-01',
    says: /100 messages to be acked/,
    adapter: inner => renaming(inner, () => 'shared'),
  },
  {
    name: 'consumers-do-not-compete',
    of: 'memory',
    breaks: 'Every process has a queue of its own.',
    caughtBy: 'GRP-02',
    says: /what the five got between them: .*too many/s,
    adapter: inner => renaming(inner, (name, { instance }) => `${name}-${instance}`),
  },
  {
    name: 'names-are-cut-off',
    of: 'memory',
    breaks: "Of a subscription's name, only what follows its last dash counts.",
    caughtBy: 'FAN-08',
    says: /24 messages to be acked/,
    adapter: inner => renaming(inner, name => name.replace(/^.*-(?=.)/, '')),
  },
  {
    name: 'a-removed-subscription-stays',
    of: 'memory',
    breaks: 'Removing a subscription does nothing.',
    caughtBy: 'GRP-08',
    says: /the subscriptions that are left/,
    adapter: inner => decorate(inner, { subscriber: () => ({ remove: async () => {} }) }),
  },
  {
    name: 'declarations-are-put-off',
    of: 'memory',
    breaks: 'A subscription begins when it is first consumed.',
    caughtBy: 'GRP-06',
    says: /10 messages to be acked/,
    adapter: inner =>
      decorate(inner, {
        connection: connection => ({
          declare: topics => connection.declare(topics, []),
          subscriber: subscriberLike(connection.subscriber, {
            async open(spec, options, events) {
              await connection.declare([], [spec])
              return connection.subscriber.open(spec, options, events)
            },
          }),
        }),
      }),
  },
  {
    name: 'leases-are-cut-short',
    of: 'memory',
    breaks: 'No lease is longer than 30 s, whatever was asked for.',
    caughtBy: 'GRP-13',
    says: /what else comes back/,
    adapter: inner => mapOpened(inner, options => ({ ...options, lease: Math.min(30_000, options.lease) })),
  },
  {
    name: 'a-payload-is-shared',
    of: 'memory',
    breaks: 'A second attempt is given what the first one has made of its data.',
    caughtBy: 'FAN-03',
    says: /whether the data was what had been published/,
    adapter: inner => mapDeliveries(inner, blankOnRetry),
  },
  {
    name: 'window-is-ignored',
    of: 'memory',
    breaks: 'A pull gives ten times what it asks for.',
    caughtBy: 'PRE-01',
    says: /messages held at once with concurrency 1 and prefetch 0: expected 1 to 1, found/,
    adapter: inner => decorate(inner, { source: source => ({ pull: max => source.pull(10 * max) }) }),
  },
  {
    name: 'hands-out-one-more',
    of: 'memory',
    breaks: 'A pull gives one more than it asks for.',
    caughtBy: 'PRE-11',
    says: /deliveries of a pull of 1: expected 0 to 1, found 2/,
    adapter: inner => decorate(inner, { source: source => ({ pull: max => source.pull(max + 1) }) }),
  },
  {
    name: 'a-source-takes-unasked',
    of: 'memory',
    breaks: 'A source that is opened fetches what comes, whether it is asked or not.',
    caughtBy: 'PRE-12',
    says: /20 deliveries were due .* and 0 came/,
    adapter: inner => decorate(inner, { subscriber: subscriber => hoarding(subscriber, 20) }),
  },
  {
    name: 'demand-cannot-be-taken-back',
    of: 'memory',
    breaks: 'What a pull has left unfilled is fetched when it comes, although it was taken back.',
    caughtBy: 'PRE-13',
    says: /10 deliveries were due .* and 0 came/,
    adapter: inner => decorate(inner, { subscriber: subscriber => hoarding(subscriber, 0) }),
  },
)

/** What is called one thing above is called another below. */
function renaming(inner: Adapter, nameOf: (name: string, environment: Environment) => string): Adapter {
  const like = <N extends SubscriptionName>(of: N, environment: Environment): N => ({
    ...of,
    name: nameOf(of.name, environment),
  })
  return decorate(inner, {
    connection: (connection, environment) => ({
      declare: (topics, subscriptions) =>
        connection.declare(
          topics,
          subscriptions.map(spec => like(spec, environment)),
        ),
      subscriber: subscriberLike(connection.subscriber, {
        open: (spec, options, events) => connection.subscriber.open(like(spec, environment), options, events),
        remove: name => connection.subscriber.remove(like(name, environment)),
      }),
    }),
  })
}

/** Asks for `unasked` when it is opened, keeps all demand, and fetches whenever it is woken. */
function hoarding(subscriber: Subscriber, unasked: number): Pick<Subscriber, 'open'> {
  return {
    async open(spec, options, events) {
      const hoard: Delivery[] = []
      const fetch = async (max: number) => void hoard.push(...(await source.pull(max)).deliveries)
      const wake = () => void fetch(options.window).then(events.wake)
      const source = await subscriber.open(spec, options, { ...events, wake })
      if (unasked > 0) await fetch(unasked)
      return sourceLike(source, {
        async pull(max) {
          if (max === 0) return NOTHING_PULLED
          if (hoard.length === 0) await fetch(max)
          return { deliveries: hoard.splice(0, max) }
        },
      })
    },
  }
}

const blankOnRetry = (delivery: Delivery): Delivery => {
  const { payload } = delivery.message
  if (delivery.attempt === 1 || typeof payload === 'string') return delivery
  return { ...delivery, message: messageLike(delivery.message, { payload: new Uint8Array(payload.length) }) }
}
