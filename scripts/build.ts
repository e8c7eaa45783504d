/** Builds every package, what has not changed from turbo's cache. Says one line while it works, and everything where it fails. */
import { spawn } from 'node:child_process'
import { join } from 'node:path'
import { ROOT } from './published.ts'

/** A build that is all cached is over by then, and says nothing. Milliseconds. */
const UNNOTICED = 1_500

const turbo = spawn(join(ROOT, 'node_modules/.bin/turbo'), ['run', 'build', '--output-logs=errors-only'], {
  cwd: ROOT,
  stdio: ['ignore', 'pipe', 'pipe'],
})
let said = ''
for (const stream of [turbo.stdout, turbo.stderr]) {
  stream.setEncoding('utf8').on('data', (text: string) => {
    said += text
  })
}
const notice = setTimeout(() => process.stderr.write('Building the packages …\n'), UNNOTICED)
turbo.on('error', error => {
  clearTimeout(notice)
  process.stderr.write(`turbo cannot be run: ${error.message}. Run npm install first.\n`)
  process.exitCode = 1
})
turbo.on('close', code => {
  clearTimeout(notice)
  if (code === 0) return
  process.stderr.write(said)
  process.exitCode = 1
})
