import { execFile } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { expect, test } from 'vitest'

const at = (path: string) => fileURLToPath(new URL(`../${path}`, import.meta.url))

test('prints what its README says', async () => {
  const { stdout, stderr } = await promisify(execFile)(process.execPath, [at('src/main.ts')])
  const printed = /```text\n(?<block>.*?)```/s.exec(await readFile(at('README.md'), 'utf8'))?.groups?.block
  expect(stderr).toBe('')
  expect(stdout).toBe(printed)
})
