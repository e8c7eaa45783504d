import {
  type Adapter,
  type Delivery,
  NO_EXCEPTIONS,
  type Source,
  type Subscriber,
  type Token,
} from '@pluribus/core/driver'
import { decorate, sourceLike } from '../history/decorate.js'
import { acksOf, handingOut } from './handing-out.js'
import { mapDeliveries } from './map-deliveries.js'
import { mapOpened } from './map-subscriptions.js'
import { defineSaboteurs } from './saboteur.js'

/** What goes wrong with leases. */
export const LEASING = defineSaboteurs(
  {
    name: 'lease-never-ends',
    of: 'memory',
    breaks: 'A lease lasts a thousand times as long as was asked for.',
    caughtBy: 'LSE-01',
    says: /1 deliveries were due .* and 0 came/,
    adapter: inner => leasedFor(inner, lease => 1_000 * lease),
  },
  {
    name: 'lease-ends-early',
    of: 'memory',
    breaks: 'A lease ends when two thirds of it are over.',
    caughtBy: 'LSE-02',
    says: /nothing may come, because the lease of the only message goes on/,
    adapter: inner => leasedFor(inner, lease => 0.7 * lease),
  },
  {
    name: 'late-settle-takes-effect',
    of: 'memory',
    breaks: 'What a consumer says after its lease concerns the delivery of the one that has taken over.',
    caughtBy: 'LSE-04',
    says: /another consumer has it since before the late (retry|reject|release)/,
    adapter: inner =>
      decorate(inner, { subscriber: subscriber => ({ open: overreaching(subscriber.open.bind(subscriber)) }) }),
  },
  {
    name: 'renewals-are-ignored',
    of: 'memory',
    breaks: 'Renewing is answered as done, and leases end all the same.',
    caughtBy: 'LSE-06',
    says: /the runs in both processes/,
    adapter: inner => decorate(inner, { source: () => ({ renew: async () => NO_EXCEPTIONS }) }),
  },
  {
    name: 'renewals-are-repeated',
    of: 'memory',
    breaks: 'A renewed delivery is renewed once more, half a lease later.',
    caughtBy: 'LSE-07',
    says: /1 deliveries were due .* and 0 came/,
    adapter: inner =>
      decorate(inner, {
        source: (source, { timers }) => ({
          async renew(batch) {
            timers.setTimeout(() => void source.renew?.(batch), HALF_A_LEASE)
            return (await source.renew?.(batch)) ?? NO_EXCEPTIONS
          },
        }),
      }),
  },
  {
    name: 'renewals-always-succeed',
    of: 'memory',
    breaks: 'Nobody is told that a delivery is lost.',
    caughtBy: 'LSE-08',
    says: /what is lost where a settled delivery is renewed/,
    adapter: inner =>
      decorate(inner, {
        source: source => ({
          async renew(batch) {
            await source.renew?.(batch)
            return NO_EXCEPTIONS
          },
        }),
      }),
  },
  {
    name: 'only-the-first-is-renewed',
    of: 'memory',
    breaks: 'Of several deliveries the first is renewed.',
    caughtBy: 'LSE-16',
    says: /the runs of the idle process, and of the one that fetched/,
    adapter: inner =>
      decorate(inner, {
        source: source => ({ renew: async batch => (await source.renew?.(batch.slice(0, 1))) ?? NO_EXCEPTIONS }),
      }),
  },
  {
    name: 'a-lapse-counts-as-a-failure',
    of: 'memory',
    breaks: 'A lease that ends without a word costs an attempt.',
    caughtBy: 'LSE-11',
    says: /attempt, losses and suspicion after one lapse/,
    adapter: inner =>
      mapDeliveries(inner, delivery => ({ ...delivery, attempt: delivery.attempt + delivery.losses, losses: 0 })),
  },
  {
    name: 'a-killer-is-never-marked',
    of: 'memory',
    breaks: 'Marking a suspect is answered as done and stored nowhere, so that a killer goes on killing.',
    caughtBy: 'LSE-11',
    says: /what comes with a message that was lost 3 times/,
    adapter: inner => decorate(inner, { source: () => ({ mark: async () => {} }) }),
  },
  {
    name: 'a-dead-holder-keeps-the-second',
    of: 'memory',
    breaks: 'Of what a dead consumer held, every second message never comes back.',
    caughtBy: 'LSE-12',
    says: /messages to come to another process when the leases of a dead one end/,
    adapter: inner => decorate(inner, { source: leaking }),
  },
  {
    name: 'leases-by-two-clocks',
    of: 'memory',
    breaks: "A lease ends by the wall clock of the process that holds it, as the others' clocks see it.",
    caughtBy: 'LSE-13',
    says: /a lease goes on, whatever a clock says|deliveries were due/,
    adapter: byWallClock,
  },
  {
    name: 'a-closed-consumer-keeps-its-leases',
    of: 'memory',
    breaks: 'Closing a source leaves what it held to the end of its leases.',
    caughtBy: 'LSE-15',
    says: /1 deliveries were due .* and 0 came/,
    adapter: inner => decorate(inner, { source: () => ({ close: async () => {} }) }),
  },
)

/** Of the lease of targets in virtual time. */
const HALF_A_LEASE = 15_000

const leasedFor = (inner: Adapter, change: (lease: number) => number): Adapter =>
  mapOpened(inner, options => ({ ...options, lease: change(options.lease) }))

/** Who has a message now, by subscription and id: shared by all consumers, as a server's memory is. */
const holders = new Map<string, { readonly source: Source; readonly token: Token }>()

const overreaching =
  (open: Subscriber['open']): Subscriber['open'] =>
  async (spec, options, events) => {
    const source = await open(spec, options, events)
    const names = new Map<Token, string>()
    const take = (delivery: Delivery) => {
      const name = `${spec.topic}/${spec.name}/${delivery.message.id}`
      names.set(delivery.token, name)
      holders.set(name, { source, token: delivery.token })
    }
    return sourceLike(source, {
      async pull(max) {
        const pulled = await source.pull(max)
        for (const delivery of pulled.deliveries) take(delivery)
        return pulled
      },
      async settle(settled) {
        const exceptions = await source.settle(settled)
        for (const { token, kind } of exceptions) {
          const holder = holders.get(names.get(token) ?? '')
          const other = settled.others.find(one => one.token === token)
          if (kind !== 'stale' || holder === undefined || other === undefined) continue
          await holder.source.settle({ acks: [], others: [{ ...other, token: holder.token }] })
        }
        return exceptions
      },
    })
  }

function leaking(source: Source): Partial<Source> {
  let handed = 0
  return handingOut(source, async deliveries => {
    await source.settle(acksOf(deliveries.filter(() => ++handed % 2 === 0)))
    return deliveries
  })
}

/** How far wall clocks are from monotonic ones: where the first connection is right about it. */
let right: number | undefined

function byWallClock(inner: Adapter): Adapter {
  return decorate(inner, {
    subscriber: (subscriber, { clock }) => ({
      open(spec, options, events) {
        const offset = clock.now() - clock.monotonic()
        right ??= offset
        const lease = Math.max(1, options.lease + offset - right)
        return subscriber.open(spec, { ...options, lease }, events)
      },
    }),
  })
}
