import type { Adapter, Environment, Settlement } from '@pluribus/core/driver'
import { decorate } from '../history/decorate.js'

/** An adapter that settles what is no ack in another way. */
export const mapSettlements = (
  inner: Adapter,
  change: (settlement: Settlement, environment: Environment) => Settlement,
): Adapter =>
  decorate(inner, {
    source: (source, environment) => ({
      settle: ({ acks, others }) =>
        source.settle({ acks, others: others.map(settlement => change(settlement, environment)) }),
    }),
  })

/** An adapter that acks some of what is no ack. Each settlement is asked about once. */
export const ackingInstead = (inner: Adapter, isAcked: (settlement: Settlement) => boolean): Adapter =>
  decorate(inner, {
    source: source => ({
      settle({ acks, others }) {
        const acked = others.filter(isAcked)
        const rest = others.filter(settlement => !acked.includes(settlement))
        return source.settle({ acks: [...acks, ...acked.map(({ token }) => token)], others: rest })
      },
    }),
  })
