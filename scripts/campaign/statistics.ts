import type { OutageResult } from './campaign.ts'
import type { Figures } from './figures.ts'

/** What the outages of one kind have shown together; times in milliseconds. */
export interface Statistics {
  readonly kind: string
  /** Blows; an outage that came to none counts as one. */
  readonly outages: number
  readonly passed: number
  /** Outages with unsettled deliveries in flight when the blow fell. */
  readonly withWork: number
  readonly stored: number
  readonly inDoubt: number
  readonly failed: number
  readonly handedOut: number
  readonly again: number
  readonly led: Quantiles
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
  const figures = results.flatMap(result => result.figures)
  const blows = (of: readonly OutageResult[]) =>
    of.reduce((total, result) => total + Math.max(1, result.figures.length), 0)
  const sum = (of: (figures: Figures) => number) => figures.reduce((total, one) => total + of(one), 0)
  return {
    kind,
    outages: blows(results),
    passed: blows(results.filter(({ result }) => result.verdict === 'passed')),
    withWork: figures.filter(({ held }) => held > 0).length,
    stored: sum(({ stored }) => stored),
    inDoubt: sum(({ inDoubt }) => inDoubt),
    failed: sum(({ failed }) => failed),
    handedOut: sum(({ handedOut }) => handedOut),
    again: sum(({ again }) => again),
    led: quantilesOf(figures.flatMap(({ led }) => led ?? [])),
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
]
const TIMES = {
  led: 'another leads',
  flow: 'new messages flow',
  awake: 'every consumer runs',
  back: 'in flight is back',
} as const

/** As a table in Markdown; times are the median and the longest, in milliseconds. */
export function tableOf(rows: readonly Statistics[]): string {
  const hasTime = (time: keyof typeof TIMES) => time !== 'led' || rows.some(({ led }) => led.max !== undefined)
  const times = (Object.keys(TIMES) as readonly (keyof typeof TIMES)[]).filter(hasTime)
  const cells = rows.map(row => [
    ...[row.kind, row.outages, row.passed, `${row.withWork} (${percent(row.withWork, row.outages)})`],
    ...[row.stored, row.inDoubt, row.failed, row.handedOut, row.again],
    ...times.map(time => (row[time].max === undefined ? '' : `${row[time].p50} / ${row[time].max} ms`)),
  ])
  const head = [...HEAD, ...times.map(time => TIMES[time])]
  const lines = [head, head.map((_, column) => (column === 0 ? '---' : '---:')), ...cells]
  return lines.map(line => `| ${line.join(' | ')} |`).join('\n')
}

const percent = (part: number, of: number): string => (of === 0 ? '' : `${Math.round((100 * part) / of)} %`)
