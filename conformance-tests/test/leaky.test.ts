import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'

// Inside the repository, so that its imports resolve.
const folder = mkdtempSync(join(import.meta.dirname, '.leaky-'))
afterAll(() => rmSync(folder, { recursive: true }))

test('an adapter that leaves something open does not keep the command from ending, and fails it', () => {
  const target = join(folder, 'target.js')
  writeFileSync(
    target,
    `import { createServer } from 'node:net'
     import memory from '${join(import.meta.dirname, '../../adapters/memory/conformance.ts')}'
     createServer().listen(0)
     export default memory`,
  )
  const command = join(import.meta.dirname, '../dist/cli.js')
  const { status, stdout, stderr } = spawnSync(process.execPath, [command, target, '--only', 'ACK-01'], {
    encoding: 'utf8',
  })
  expect(stdout.trimEnd().split('\n').at(-1)).toBe('1 passed, 0 failed, 0 skipped')
  expect(stderr).toMatch(/Something is still open .*TCP/)
  expect(status).toBe(1)
}, 30_000)
