import type { OutageResult } from './campaign.ts'
import type { Figures } from './figures.ts'

/** What the outages of one kind have shown together; times in milliseconds. */
export interface Statistics {
  readonly kind: string
  readonly outages: number
  readonly passed: number
  /** Outages with unsettled deliveries in flight when the blow fell. */
  readonly withWork: number
  readonly stored: number
  readonly inDoubt: number
  readonly failed: number
  readonly handedOut: number
  readonly again: number
  readonly flow: Quantiles
  readonly awake: Quantiles
  readonly back: Quantiles
}

/** `undefined` where there is nothing to measure. */
export interface Quantiles {
  readonly p50: number | undefined
  readonly max: number | undefined
}

/** One row a kind, and one for all. */
export function statisticsOf(results: readonly OutageResult[]): readonly Statistics[] {
  const kinds = [...new Set(results.map(({ outage }) => outage.outage.kind))]
  const rows = kinds.map(kind =>
    rowOf(
      kind,
      results.filter(({ outage }) => outage.outage.kind === kind),
    ),
  )
  return [...rows, rowOf('all', results)]
}

function rowOf(kind: string, results: readonly OutageResult[]): Statistics {
  const figures = results.flatMap(result => result.figures ?? [])
  const sum = (of: (figures: Figures) => number) => figures.reduce((total, one) => total + of(one), 0)
  return {
    kind,
    outages: results.length,
    passed: results.filter(({ result }) => result.verdict === 'passed').length,
    withWork: figures.filter(({ held }) => held > 0).length,
    stored: sum(({ stored }) => stored),
    inDoubt: sum(({ inDoubt }) => inDoubt),
    failed: sum(({ failed }) => failed),
    handedOut: sum(({ handedOut }) => handedOut),
    again: sum(({ again }) => again),
    flow: quantilesOf(figures.flatMap(({ flow }) => flow ?? [])),
    awake: quantilesOf(figures.flatMap(({ awake }) => awake ?? [])),
    back: quantilesOf(figures.map(({ back }) => back)),
  }
}

function quantilesOf(values: readonly number[]): Quantiles {
  const sorted = values.toSorted((a, b) => a - b)
  return { p50: sorted[Math.ceil(sorted.length / 2) - 1], max: sorted.at(-1) }
}

const HEAD = [
  ...['outage', 'played', 'passed', 'with unsettled work', 'stored', 'in doubt', 'failed', 'handed out', 'run again'],
  ...['new messages flow', 'every consumer runs', 'in flight is back'],
]

/** As a table in Markdown; times are the median and the longest, in milliseconds. */
export function tableOf(rows: readonly Statistics[]): string {
  const cells = rows.map(row => [
    ...[row.kind, row.outages, row.passed, `${row.withWork} (${percent(row.withWork, row.outages)})`],
    ...[row.stored, row.inDoubt, row.failed, row.handedOut, row.again],
    ...[row.flow, row.awake, row.back].map(({ p50, max }) => (max === undefined ? '' : `${p50} / ${max} ms`)),
  ])
  const lines = [HEAD, HEAD.map((_, column) => (column === 0 ? '---' : '---:')), ...cells]
  return lines.map(line => `| ${line.join(' | ')} |`).join('\n')
}

const percent = (part: number, of: number): string => (of === 0 ? '' : `${Math.round((100 * part) / of)} %`)
