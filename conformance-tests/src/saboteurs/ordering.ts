import type { Adapter, Delivery, Source } from '@pluribus/core/driver'
import { decorate } from '../history/decorate.js'
import { choosing, handingOut } from './handing-out.js'
import { mapOutgoing } from './map-batches.js'
import { mapMessages } from './map-deliveries.js'
import { defineSaboteurs } from './saboteur.js'

/** What goes wrong with the order of publishing, and with keys. */
export const ORDERING = defineSaboteurs(
  {
    name: 'fifo-swaps-neighbours',
    of: 'memory',
    breaks: 'One pair of neighbours in three hundred changes places.',
    caughtBy: 'FIF-01',
    says: /the order of the runs:.*first difference at position/s,
    adapter: inner => decorate(inner, { source: source => handingOut(source, swapping(300)) }),
  },
  {
    name: 'skips-the-first',
    of: 'memory',
    breaks: 'A consumer is given the second of what waits, and then the first.',
    caughtBy: 'FIF-02',
    says: /the order over all consumers:.*first difference at position/s,
    adapter(inner) {
      return decorate(inner, { source: skippingOne })
    },
  },
  {
    name: 'order-is-lost-when-opened-again',
    of: 'memory',
    breaks: 'Whoever opens a subscription for the second time gets each batch from its end.',
    caughtBy: 'FIF-06',
    says: /the order of the runs:.*first difference at position/s,
    adapter(inner) {
      let sources = 0
      const backwards = (deliveries: readonly Delivery[]) => deliveries.toReversed()
      return decorate(inner, { source: source => (++sources > 1 ? handingOut(source, backwards) : {}) })
    },
  },
  {
    name: 'a-retry-goes-to-the-tail',
    of: 'memory',
    breaks: 'A message that is due again stands behind what waits.',
    caughtBy: 'FIF-14',
    says: /the order of the runs: .*expected \[ 1, 2, 1, 3, 4, 5 \]/,
    adapter: inner => decorate(inner, { source: lastComesTheRetry }),
  },
  {
    name: 'keys-share-a-lane',
    of: 'memory',
    breaks: 'All keys of a topic are one.',
    caughtBy: 'KEY-03',
    says: /all 27 messages of other keys to be acked/,
    adapter: inner => keyed(inner, () => 'lane'),
  },
  {
    name: 'a-key-has-two-lanes',
    of: 'memory',
    breaks: 'Messages of one key go to two lanes in turn.',
    caughtBy: 'KEY-02',
    says: /what runs while nothing has ended: the first of each key/,
    adapter(inner) {
      let turn = 0
      return keyed(inner, key => `${key}-${turn++ % 2}`)
    },
  },
  {
    name: 'keys-are-trimmed',
    of: 'memory',
    breaks: 'Blanks around a key do not count.',
    caughtBy: 'KEY-06',
    says: /keys to run side by side/,
    adapter: inner => keyed(inner, key => key.trim()),
  },
  {
    name: 'keys-are-open-to-others',
    of: 'memory',
    breaks: 'A key that one consumer holds is not closed for another.',
    caughtBy: 'KEY-11',
    says: /what another consumer is given while the key is held/,
    adapter(inner) {
      let lane = 0
      return keyed(inner, () => `${lane++}`)
    },
  },
  {
    name: 'no-key-is-a-key',
    of: 'memory',
    breaks: 'Messages without a key are all of one key.',
    caughtBy: 'KEY-07',
    says: /eight messages without a key to run side by side/,
    adapter: inner => keyed(inner, key => key, 'undefined'),
  },
)

/** Every so many deliveries, two change places. */
function swapping(every: number): (deliveries: readonly Delivery[]) => readonly Delivery[] {
  let seen = 0
  return deliveries =>
    deliveries.map((delivery, index) => {
      const isFirst = (seen + index) % every === 1 && index + 1 < deliveries.length
      const isSecond = (seen + index) % every === 2 && index > 0
      if (index === deliveries.length - 1) seen += deliveries.length
      return (isFirst ? deliveries[index + 1] : isSecond ? deliveries[index - 1] : delivery) ?? delivery
    })
}

/** Looks one further than it is asked. */
const oneMore = (max: number): number => (max === 0 ? 0 : max + 1)

/** Gives back the first of two. */
const skippingOne = (source: Source) =>
  choosing(source, oneMore, deliveries => (deliveries.length > 1 ? deliveries.slice(1) : deliveries))

/** Gives back a retry where there is anything else. */
const lastComesTheRetry = (source: Source) =>
  choosing(source, oneMore, (deliveries, max) => {
    const retry = deliveries.find(({ attempt }) => attempt > 1) ?? deliveries[max]
    return deliveries.length === 1 ? deliveries : deliveries.filter(delivery => delivery !== retry)
  })

/** What is stored has another key than what is handed out. */
function keyed(inner: Adapter, laneOf: (key: string) => string, keyless?: string): Adapter {
  const stored = mapOutgoing(inner, message => {
    const { key = keyless, headers } = message
    if (key === undefined) return {}
    const given = message.key === undefined ? {} : { [KEY]: message.key }
    return { key: laneOf(key), headers: { ...headers, ...given } }
  })
  return mapMessages(stored, message => {
    const { [KEY]: key, ...headers } = message.headers
    return { key, headers }
  })
}

/** Where the key travels meanwhile. */
const KEY = 'saboteur-key'
