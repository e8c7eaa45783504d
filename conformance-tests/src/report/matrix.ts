import { type Capabilities, NO_LIMIT } from '@pluribus/core/driver'
import { type Claim, claimsOf } from '../claims/claim.js'
import type { ClaimStatus } from './claim-status.js'
import { MARKS } from './marks.js'
import type { Report } from './report.js'

/**
 * What the table of capabilities needs of a report: a report is one.
 *
 * @example
 * ```ts
 * import { matrixOf, type Summary } from '@pluribus/conformance'
 *
 * const table = (summaries: readonly Summary[]) => matrixOf(summaries)
 * ```
 */
export type Summary = Pick<Report, 'format' | 'target' | 'capabilities' | 'claims'>

/** Worst first: what a row of several claims shows. */
const WORST: readonly ClaimStatus[] = ['broken', 'unverified', 'stated', 'refused', 'emulated', 'verified']

const ROWS: readonly (keyof Capabilities)[] = [
  'durability',
  'fifo',
  'lifo',
  'priority',
  'priorityLevels',
  'keys',
  'competing',
  'delay',
  'delayTick',
  'fencing',
  'settle',
  'attempts',
  'losses',
  'deduplication',
  'retention',
  'history',
  'from',
  'counts',
  'sequenced',
]

/**
 * The capabilities of several adapters side by side, as a Markdown table with a legend. Everything in it is from reports:
 * nobody writes it by hand.
 *
 * @example
 * ```ts
 * import { matrixOf, type Report } from '@pluribus/conformance'
 *
 * const table = (memory: Report, file: Report) => matrixOf([memory, file])
 * ```
 */
export function matrixOf(summaries: readonly Summary[]): string {
  const rows = ROWS.map(name => [`\`${name}\``, ...summaries.map(summary => cellOf(name, summary))])
  const limits = (['payload', 'headers', 'hold'] as const).map(name => [
    `\`limits.${name}\``,
    ...summaries.map(({ capabilities, claims }) => {
      const status = claims[`limits.${name}`]
      return marked(amount(capabilities.limits[name]), status === undefined ? [] : [status])
    }),
  ])
  const head = ['', ...summaries.map(({ target }) => target)]
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`
  const legend = Object.entries(MARKS)
    .map(([status, mark]) => `${mark} ${status}`)
    .join(', ')
  return [line(head), line(head.map(() => '---')), ...[...rows, ...limits].map(line), '', `${legend}.`].join('\n')
}

function cellOf(name: keyof Capabilities, { capabilities, claims }: Summary): string {
  const mine = (claim: string) => claim === name || claim.startsWith(`${name}:`)
  const made = claimsOf(capabilities).filter(mine)
  const shown = made.map(claim => claims[claim]).filter(status => status !== undefined)
  if (shown.length > 0) return marked(textOf(capabilities[name]), shown)
  // Nothing is promised: what shows in the table is whether the stronger values are refused.
  const refused = Object.entries(claims).flatMap(([claim, status]) => (mine(claim as Claim) ? [status] : []))
  return marked(textOf(capabilities[name]), refused)
}

function marked(text: string, statuses: readonly ClaimStatus[]): string {
  const worst = WORST.find(status => statuses.includes(status))
  return worst === undefined ? text : `${text} ${MARKS[worst]}`
}

function textOf(value: Capabilities[keyof Capabilities]): string {
  if (typeof value === 'number') return amount(value)
  if (typeof value === 'string') return value
  if (Array.isArray(value)) return value.join(', ')
  if ('window' in value) return `${value.ids} ids, ${amount(value.window)} ms`
  return JSON.stringify(value)
}

/** No other amount comes near. */
const amount = (value: number): string => (value >= NO_LIMIT ? 'unlimited' : value.toLocaleString('en'))
