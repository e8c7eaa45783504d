import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { gzipSync } from 'node:zlib'
import type { CaseResult } from '../engine/result.js'
import { badgeOf } from './badge.js'
import { junitOf } from './junit.js'
import { markdownOf } from './markdown.js'
import { historyFile, type Report } from './report.js'

/**
 * Writes `report.json`, `report.md`, `junit.xml`, `badge.json` and the histories of what did not pass into a folder. What an
 * earlier run has left there is removed: a badge of it above all.
 *
 * @example
 * ```ts
 * import { type CaseResult, type Report, writeReport } from '@pluribus/conformance'
 *
 * const keep = (report: Report, results: readonly CaseResult[]) => writeReport('out', report, results)
 * ```
 */
export function writeReport(folder: string, report: Report, results: readonly CaseResult[]): void {
  for (const name of ['report.json', 'report.md', 'junit.xml', 'badge.json', 'histories']) {
    rmSync(join(folder, name), { recursive: true, force: true })
  }
  const write = (name: string, content: string | Uint8Array) => {
    const path = join(folder, name)
    mkdirSync(dirname(path), { recursive: true })
    writeFileSync(path, content)
  }
  write('report.json', `${JSON.stringify(report, null, 2)}\n`)
  write('report.md', markdownOf(report))
  write('junit.xml', junitOf(report))
  const badge = badgeOf(report)
  if (badge !== undefined) write('badge.json', `${JSON.stringify(badge, null, 2)}\n`)
  for (const { case: one, history = [] } of results) {
    if (history.length === 0) continue
    const lines = history.map(event => `${JSON.stringify(event)}\n`)
    write(historyFile(one.id), gzipSync(lines.join('')))
  }
}
