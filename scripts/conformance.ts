/**
 * Runs the conformance suite on one of our adapters: `npm run conformance -- --adapter memory --only LSE`. Everything but
 * `--adapter` is passed on to `pluribus-conformance`.
 */
import { spawnSync } from 'node:child_process'
import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { ROOT } from './published.ts'

const COMMAND = join(ROOT, 'conformance-tests/dist/cli.js')
const targetOf = (adapter: string) => join(ROOT, 'adapters', adapter, 'conformance.ts')
const adapters = readdirSync(join(ROOT, 'adapters')).filter(name => existsSync(targetOf(name)))

const args = process.argv.slice(2)
const at = args.indexOf('--adapter')
const [adapter = ''] = at < 0 ? [] : args.splice(at, 2).slice(1)
if (adapters.includes(adapter)) {
  const { status } = spawnSync(process.execPath, [COMMAND, targetOf(adapter), ...args], { stdio: 'inherit' })
  process.exitCode = status ?? 1
} else {
  process.stderr.write(`Which adapter? npm run conformance -- --adapter ${adapters.join('|')}\n`)
  process.exitCode = 3
}
