import type { Verdict } from '../engine/verdict.js'
import { MARKS } from './marks.js'
import type { Report, ReportedCase } from './report.js'

/** A report for people. */
export function markdownOf(report: Report): string {
  const { target, server, date, profile, seed, machine, counts, suite } = report
  const result = report.partial
    ? 'A partial run: it says nothing of what was not run.'
    : report.conformant
      ? '**Conformant.**'
      : '**Not conformant.**'
  return [
    `# Conformance of ${target}`,
    '',
    `${result} ${counts.passed} passed, ${counts.failed} failed, ${counts.skipped} skipped.`,
    '',
    `Server ${server.product} ${server.version} · profile ${profile} · seed ${seed} · suite ${suite.version} (cases ${suite.cases}) · Node ${machine.node}, ${machine.platform}, ${machine.processors} processors · ${date}`,
    '',
    ...section('Claims', claimsTable(report)),
    ...section('What did not pass', casesTable(report.cases.filter(({ verdict }) => !isFine(verdict)))),
    ...section(
      'Refused, and not concerned',
      casesTable(report.cases.filter(({ verdict }) => verdict === 'refused' || verdict === 'skipped')),
    ),
    ...section('Passed', casesTable(report.cases.filter(({ verdict }) => verdict === 'passed'))),
  ].join('\n')
}

const isFine = (verdict: Verdict): boolean => verdict === 'passed' || verdict === 'refused' || verdict === 'skipped'

const section = (title: string, table: readonly string[]): readonly string[] =>
  table.length === 0 ? [] : [`## ${title}`, '', ...table, '']

function claimsTable({ claims, cases }: Report): readonly string[] {
  const rows = Object.entries(claims).map(([claim, status]) => {
    const proofs = cases.filter(({ proves }) => (proves as readonly string[]).includes(claim)).map(({ id }) => id)
    return `| \`${claim}\` | ${MARKS[status]} ${status} | ${proofs.join(', ')} |`
  })
  return ['| claim | | cases |', '|---|---|---|', ...rows]
}

function casesTable(cases: readonly ReportedCase[]): readonly string[] {
  if (cases.length === 0) return []
  const rows = cases.map(
    ({ id, title, verdict, reason = '' }) => `| ${id} | ${cell(title)} | ${verdict} | ${cell(reason)} |`,
  )
  return ['| case | | verdict | |', '|---|---|---|---|', ...rows]
}

const cell = (text: string): string => (text.split('\n', 1)[0] ?? '').replaceAll('|', '\\|').slice(0, 300)
