import { type Delivery, NO_EXCEPTIONS, type Settled, type Source } from '@pluribus/core/driver'

type Deliveries = readonly Delivery[]

/** A source that hands out what `change` makes of what was pulled. */
export const handingOut = (
  source: Source,
  change: (deliveries: Deliveries) => Deliveries | Promise<Deliveries>,
): Pick<Source, 'pull'> => ({
  async pull(max) {
    const pulled = await source.pull(max)
    return { ...pulled, deliveries: await change(pulled.deliveries) }
  },
})

/** A source that acks some of what was pulled, and does not hand it out. */
export const dropping = (source: Source, isDropped: (delivery: Delivery) => boolean): Pick<Source, 'pull'> =>
  handingOut(source, async deliveries => {
    const dropped = deliveries.filter(isDropped)
    if (dropped.length === 0) return deliveries
    await source.settle(acksOf(dropped))
    return deliveries.filter(delivery => !dropped.includes(delivery))
  })

/** A source that acks what it hands out there and then, and does not listen to what is said of it later. */
export const ackingAtOnce = (source: Source): Partial<Source> => ({
  ...handingOut(source, async deliveries => {
    await source.settle(acksOf(deliveries))
    return deliveries
  }),
  settle: async () => NO_EXCEPTIONS,
  renew: async () => NO_EXCEPTIONS,
})

/** A source that pulls `ask(max)` where it is asked for `max`, hands out what it chooses of them, and gives the others back. */
export const choosing = (
  source: Source,
  ask: (max: number) => number,
  choose: (deliveries: Deliveries, max: number) => Deliveries,
): Pick<Source, 'pull'> => ({
  async pull(max) {
    const { deliveries, ...rest } = await source.pull(ask(max))
    const chosen = choose(deliveries, max)
    const others = deliveries.filter(delivery => !chosen.includes(delivery))
    if (others.length > 0) await source.settle(releasesOf(others))
    return { ...rest, deliveries: chosen }
  },
})

/** All of them acked. */
export const acksOf = (deliveries: Deliveries): Settled => ({ acks: deliveries.map(({ token }) => token), others: [] })

/** All of them given back. */
const releasesOf = (deliveries: Deliveries): Settled => ({
  acks: [],
  others: deliveries.map(({ token }) => ({ kind: 'release', token })),
})
