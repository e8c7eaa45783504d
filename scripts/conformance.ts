/**
 * Runs the conformance suite on one of our adapters, or on the simulated log broker's (`sim-log`):
 * `npm run conformance -- --adapter memory --only LSE`. Everything but
 * `--adapter` is passed on to `pluribus-conformance`. `--record` runs all of it and keeps what it has shown of each claim in
 * `conformance.json` beside the target, which the tables of capabilities are made of.
 */
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Report } from '@pluribus/conformance'
import { recordOf, recordText, targets, writeTables } from './capability-table.ts'
import { ROOT } from './published.ts'

const COMMAND = join(ROOT, 'conformance-tests/dist/cli.js')

const args = process.argv.slice(2)
const at = args.indexOf('--adapter')
const [adapter = ''] = at < 0 ? [] : args.splice(at, 2).slice(1)
const recording = args.indexOf('--record')
if (recording >= 0) args.splice(recording, 1)

const folder = targets.get(adapter)
if (folder === undefined) {
  process.stderr.write(`Which adapter? npm run conformance -- --adapter ${[...targets.keys()].join('|')}\n`)
  process.exitCode = 3
} else if (recording < 0) {
  process.exitCode = run(join(folder, 'conformance.ts'), args)
} else {
  record(join(folder, 'conformance.ts'))
}

function run(path: string, options: readonly string[]): number {
  const { status } = spawnSync(process.execPath, [COMMAND, path, ...options], { stdio: 'inherit' })
  return status ?? 1
}

function record(path: string): void {
  const folder = mkdtempSync(join(tmpdir(), 'pluribus-conformance-'))
  process.exitCode = run(path, [...args, '--report', folder])
  const report = JSON.parse(readFileSync(join(folder, 'report.json'), 'utf8')) as Report
  rmSync(folder, { recursive: true })
  if (report.partial) {
    process.stderr.write('A partial run is not recorded: leave --only, --skip and --scale away.\n')
    process.exitCode = 3
    return
  }
  writeFileSync(recordOf(adapter), recordText(report))
  writeTables()
}
