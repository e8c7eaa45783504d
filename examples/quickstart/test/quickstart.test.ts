import { execFile } from 'node:child_process'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { expect, onTestFinished, test } from 'vitest'

const at = (path: string) => fileURLToPath(new URL(`../${path}`, import.meta.url))

test('prints what its README says, and again in the same folder', async () => {
  const cwd = await mkdtemp(join(tmpdir(), 'pluribus-quickstart-'))
  onTestFinished(() => rm(cwd, { recursive: true }))
  const printed = /```text\n(?<block>.*?)```/s.exec(await readFile(at('README.md'), 'utf8'))?.groups?.block
  for (let run = 0; run < 2; run++) {
    const { stdout, stderr } = await promisify(execFile)(process.execPath, [at('src/main.ts')], { cwd })
    expect(stderr).toBe('')
    expect(stdout).toBe(printed)
  }
})
