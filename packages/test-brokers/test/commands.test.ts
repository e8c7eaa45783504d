import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { BROKER_KINDS, findOrBlock } from '../src/index.ts'

const MAIN = fileURLToPath(new URL('../src/main.ts', import.meta.url))
const redis = await findOrBlock('redis')

const run = (args: readonly string[], env: NodeJS.ProcessEnv = process.env) =>
  new Promise<{ readonly code: unknown; readonly out: string; readonly err: string }>(resolve => {
    execFile(process.execPath, [MAIN, ...args], { env }, (error, out, err) =>
      resolve({ code: error?.code ?? 0, out, err }),
    )
  })

test('doctor has a line for each broker, and says what is missing', { timeout: 60_000 }, async () => {
  const { code, out } = await run(['doctor'], { ...process.env, PATH: '' })
  expect(out.trim().split('\n')).toHaveLength(BROKER_KINDS.length)
  expect(out).toMatch(/^redis +– +redis cannot run here: there is no redis-server/m)
  expect(code).toBe(1)
})

test.skipIf(redis === undefined)('doctor tells the version of what is there', async () => {
  const { code, out } = await run(['doctor', 'redis'])
  expect(out).toMatch(/^redis +\d+\.\d+\S* +\S+redis-server\n$/)
  expect(code).toBe(0)
})

test.skipIf(redis === undefined)('up runs until it is told to end', { timeout: 60_000 }, async () => {
  const child = spawn(process.execPath, [MAIN, 'up', 'redis'], { stdio: ['ignore', 'pipe', 'inherit'] })
  const ended = once(child, 'exit')
  const [line] = await once(createInterface({ input: child.stdout }), 'line')
  expect(line).toMatch(/^redis +\d\S* +redis:\/\/127\.0\.0\.1:\d+$/)
  child.kill('SIGINT')
  expect(await ended).toEqual([0, null])
})

test('what is not understood is explained', async () => {
  expect(await run(['--help'])).toMatchObject({ code: 0, out: expect.stringContaining('doctor [kinds]') })
  expect(await run(['up', 'zeromq'])).toMatchObject({ code: 2, err: expect.stringContaining('no such broker: zeromq') })
  expect(await run(['sideways'])).toMatchObject({ code: 2 })
})
