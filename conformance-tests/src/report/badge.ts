import type { Report } from './report.js'

/** A badge, in the format of shields.io's endpoint; `undefined` for a partial run, which says too little for one. */
export function badgeOf(report: Report): object | undefined {
  if (report.partial) return undefined
  const { profile, conformant, counts, cases } = report
  const message = conformant
    ? `${profile} · ${counts.passed} cases`
    : `not conformant · ${cases.length - counts.passed} of ${cases.length} open`
  return { schemaVersion: 1, label: 'pluribus', message, color: conformant ? 'brightgreen' : 'red' }
}
