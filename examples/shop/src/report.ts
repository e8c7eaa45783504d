import { table, thousands } from './table.ts'
import type { Stock } from './totals.ts'

/** What a run comes to. The same run gives the same report: no times in it, and nothing that depends on them. */
export interface Report extends Stock {
  readonly lines: number
  readonly topics: Readonly<Record<string, number>>
  readonly withoutCustomer: number
  readonly zeroPrice: number
  /** Ctrl-C: the figures are of what was done until then. */
  readonly interrupted: boolean
  /** Ctrl-C, while other processes go on: the figures are of different moments. */
  readonly othersGoOn: boolean
  readonly addsUp: boolean
}

const HEADER = ['topic', 'subscription', 'history', 'handled', 'dead', 'waiting', 'outcomes']

/** The report for people. */
export function describe(report: Report): string[] {
  const rows = report.subscriptions.map(({ topic, subscription, history, handled, dead, waiting, outcomes }) => {
    const why = Object.entries(outcomes).map(([outcome, count]) => `${thousands(count)} ${outcome}`)
    return [topic, subscription, history, handled, dead, waiting, why.join(', ')]
  })
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
    ...verdictOf(report),
  ]
}

function verdictOf({ subscriptions, addsUp, othersGoOn }: Report): string[] {
  if (othersGoOn)
    return ['Others go on in this shop: the figures are of different moments, and nobody has checked them.']
  if (addsUp) return ['In every subscription, history = handled + dead + waiting, id by id.']
  const problems = subscriptions.flatMap(it => it.problems.map(problem => `${it.subscription}: ${problem}`))
  return [...problems, 'The totals do not add up: see above.']
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
