import { table, thousands } from './table.ts'
import type { StationTotals } from './totals.ts'

/** What a run comes to. The same run gives the same report: no times in it, and nothing that depends on them. */
export interface Report {
  readonly lines: number
  readonly topics: Readonly<Record<string, number>>
  readonly withoutCustomer: number
  readonly zeroPrice: number
  /** Orders that the gateway has charged, each once, and what they come to. */
  readonly charged: { readonly orders: number; readonly pence: number }
  /** Dead letters of payment that were given back to it, by the reason they had died of. */
  readonly redriven: Readonly<Record<string, number>>
  readonly subscriptions: readonly StationTotals[]
  readonly digest: string
  /** Ctrl-C: the figures are of what was done until then. */
  readonly interrupted: boolean
  readonly addsUp: boolean
}

const HEADER = ['topic', 'subscription', 'history', 'handled', 'dead', 'waiting', 'outcomes']

/** The report for people. */
export function describe(report: Report): string[] {
  const rows = report.subscriptions.map(({ topic, subscription, history, handled, dead, waiting, outcomes }) => {
    const why = Object.entries(outcomes).map(([outcome, count]) => `${thousands(count)} ${outcome}`)
    return [topic, subscription, history, handled, dead, waiting, why.join(', ')]
  })
  const problems = report.subscriptions.flatMap(({ subscription, problems }) =>
    problems.map(it => `${subscription}: ${it}`),
  )
  const { orders, pence } = report.charged
  const redrivenLine = `redriven ${describeReasons(report.redriven)}, to payment alone`
  return [
    describeIntake(report),
    '',
    ...table(HEADER, rows),
    '',
    report.interrupted ? 'Interrupted: this is what was done until then.' : redrivenLine,
    `charged  ${thousands(orders)} orders, £${(pence / 100).toLocaleString('en', { minimumFractionDigits: 2 })}`,
    `digest   ${report.digest}`,
    ...problems,
    report.addsUp
      ? 'In every subscription, history = handled + dead + waiting, id by id.'
      : 'The totals do not add up: see above.',
  ]
}

const describeIntake = ({ lines, topics, withoutCustomer, zeroPrice }: Report): string =>
  `${thousands(lines)} lines: ${Object.entries(topics)
    .map(([topic, count]) => `${thousands(count)} ${topic}`)
    .join(', ')}; ${thousands(withoutCustomer)} without a customer, ${thousands(zeroPrice)} at no price`

/** How many died of what. */
export const describeReasons = (counts: Readonly<Record<string, number>>): string =>
  Object.entries(counts)
    .map(([reason, count]) => `${thousands(count)} ${reason}`)
    .join(', ') || 'none'
