/**
 * Runs the conformance suite on one of our adapters, or on the simulated log broker's (`sim-log`):
 * `npm run conformance -- --adapter memory --only LSE`. Everything but
 * `--adapter` is passed on to `pluribus-conformance`. `--record` runs all of it and keeps what it has shown of each claim in
 * `adapters/<name>/conformance.json`, which the README's table is made of.
 */
import { spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Report } from '@pluribus/conformance'
import { readmeTable, recordOf, recordText } from './capability-table.ts'
import { ROOT } from './published.ts'

const COMMAND = join(ROOT, 'conformance-tests/dist/cli.js')
/** Adapters, and what is none to be published: the simulated log broker. */
const FOLDERS = ['adapters', 'conformance-tests/targets']
const targets = new Map(
  FOLDERS.flatMap(folder =>
    readdirSync(join(ROOT, folder)).map(name => [name, join(ROOT, folder, name, 'conformance.ts')] as const),
  ).filter(([, target]) => existsSync(target)),
)

const args = process.argv.slice(2)
const at = args.indexOf('--adapter')
const [adapter = ''] = at < 0 ? [] : args.splice(at, 2).slice(1)
const recording = args.indexOf('--record')
if (recording >= 0) args.splice(recording, 1)

const target = targets.get(adapter)
if (target === undefined) {
  process.stderr.write(`Which adapter? npm run conformance -- --adapter ${[...targets.keys()].join('|')}\n`)
  process.exitCode = 3
} else if (recording < 0) {
  process.exitCode = run(target, args)
} else if (!existsSync(join(ROOT, 'adapters', adapter))) {
  process.stderr.write(`${adapter} is not published: there is no README to record it for.\n`)
  process.exitCode = 3
} else {
  record(target)
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
  writeFileSync(join(ROOT, 'README.md'), readmeTable().wanted)
}
