import { readFileSync, writeFileSync } from 'node:fs'
import { matrixOf, type Summary } from '../report/matrix.js'
import { REPORT_FORMAT } from '../report/report.js'
import { parsed, UsageError } from './options.js'

/** `pluribus-conformance matrix a.json b.json [--out MATRIX.md]`: the capabilities of several reports side by side. */
export function matrixCommand(args: readonly string[], print: (line: string) => void): number {
  const { values, positionals } = parsed(args, { out: { type: 'string' } })
  if (positionals.length === 0) throw new UsageError('Which reports? Give their paths.')
  const table = matrixOf(positionals.map(readSummary))
  if (values.out === undefined) print(table)
  else writeFileSync(values.out, `${table}\n`)
  return 0
}

function readSummary(path: string): Summary {
  const report = read(path)
  const isReport =
    typeof report === 'object' &&
    report !== null &&
    'format' in report &&
    'claims' in report &&
    'capabilities' in report
  if (!isReport) throw new UsageError(`${path} is no report of this suite.`)
  if (report.format !== REPORT_FORMAT)
    throw new UsageError(`${path} has format ${report.format}; this version reads ${REPORT_FORMAT}.`)
  return report as Summary
}

function read(path: string): unknown {
  try {
    return JSON.parse(readFileSync(path, 'utf8'))
  } catch (error) {
    throw new UsageError(
      `${path} cannot be read as a report: ${error instanceof Error ? error.message : String(error)}`,
    )
  }
}
