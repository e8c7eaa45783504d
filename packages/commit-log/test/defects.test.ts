import { spawn } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { type Defect, defects } from './simulation/defects.js'

const ROOT = join(import.meta.dirname, '../../..')
const SOURCES = 'packages/commit-log/src'

/** What the judges say of a log with this defect. */
function judge({ file, find, replace }: Defect): Promise<string> {
  const path = join(SOURCES, file)
  const source = readFileSync(join(ROOT, path), 'utf8')
  const start = source.indexOf(find)
  if (start < 0 || source.indexOf(find, start + 1) >= 0) throw new Error(`${file} has this not once: ${find}`)
  const mutant = { file: path, start, end: start + find.length, text: replace, line: 0, change: '' }
  const args = [
    '--no-warnings',
    '--conditions=pluribus-source',
    `--import=${join(ROOT, 'scripts/mutation/hooks.ts')}`,
    join(ROOT, 'packages/commit-log/test/simulation/judge.ts'),
  ]
  return new Promise((resolve, reject) => {
    const env = { ...process.env, MUTANT: JSON.stringify(mutant) }
    const child = spawn(process.execPath, args, { env, stdio: ['ignore', 'pipe', 'pipe'] })
    let said = ''
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8').on('data', (text: string) => {
        said += text
      })
    }
    child.once('error', reject)
    child.once('close', () => resolve(said.trim()))
  })
}

test.each(defects)(
  '$name: caught',
  async defect => {
    expect(await judge(defect)).toMatch(
      /^(?:transplants|crash points|takeovers|trials|an error that nobody awaited): |an answer that never came$/,
    )
  },
  300_000,
)

test('there are fifteen at least, each with a name of its own', () => {
  expect(new Set(defects.map(({ name }) => name)).size).toBe(defects.length)
  expect(defects.length).toBeGreaterThanOrEqual(15)
})
