/**
 * Runs the conformance suite on one of our adapters: `npm run conformance -- --adapter memory --only LSE`. Everything but
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
const targetOf = (adapter: string) => join(ROOT, 'adapters', adapter, 'conformance.ts')
const adapters = readdirSync(join(ROOT, 'adapters')).filter(name => existsSync(targetOf(name)))

const args = process.argv.slice(2)
const at = args.indexOf('--adapter')
const [adapter = ''] = at < 0 ? [] : args.splice(at, 2).slice(1)
const recording = args.indexOf('--record')
if (recording >= 0) args.splice(recording, 1)

if (!adapters.includes(adapter)) {
  process.stderr.write(`Which adapter? npm run conformance -- --adapter ${adapters.join('|')}\n`)
  process.exitCode = 3
} else if (recording < 0) {
  process.exitCode = run(args)
} else {
  record()
}

function run(options: readonly string[]): number {
  const { status } = spawnSync(process.execPath, [COMMAND, targetOf(adapter), ...options], { stdio: 'inherit' })
  return status ?? 1
}

function record(): void {
  const folder = mkdtempSync(join(tmpdir(), 'pluribus-conformance-'))
  process.exitCode = run([...args, '--report', folder])
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
