import { readFileSync, rmSync } from 'node:fs'
import { connect } from 'node:net'
import { expect, test } from 'vitest'
import { findOrBlock } from '../src/index.ts'
import type { Installation, Recipe } from '../src/recipe.ts'
import { redis } from '../src/recipes/redis.ts'
import { ServerProcess } from '../src/server-process.ts'

const installation = await findOrBlock('redis')
const create = (changes: Partial<Recipe>, patience = 30_000) =>
  ServerProcess.create({ ...redis, ...changes }, installation as Installation, patience)

test.skipIf(installation === undefined)(
  'a server that ends before it serves says why, and its log is kept',
  async () => {
    await using broker = await create({ files: () => ({ 'redis.conf': 'no-such-directive yes' }) })
    await expect(broker.start()).rejects.toThrow(/ended \(1\) before it served[\s\S]*no-such-directive/)
    expect(broker.isRunning).toBe(false)
    const kept = await broker.keepLogs()
    expect(readFileSync(kept, 'utf8')).toContain('no-such-directive')
    rmSync(kept)
  },
)

test.skipIf(installation === undefined)(
  'a server that runs and does not serve is not said to have started',
  async () => {
    await using broker = await create({ probe: () => Promise.reject(new Error('LOADING')) }, 300)
    await expect(broker.start()).rejects.toThrow(/does not serve after 300 ms/)
    expect(broker.isRunning).toBe(false)
  },
)

test.skipIf(installation === undefined)('a server that does not stop is killed, and the caller told', async () => {
  // SIGCONT asks nobody to end.
  await using broker = await create({ launch: (...of) => ({ ...redis.launch(...of), stop: 'SIGCONT' }) }, 3_000)
  await broker.start()
  await expect(broker.stop()).rejects.toThrow(/did not stop within 3000 ms and was killed/)
  expect(broker.isRunning).toBe(false)
})

test.skipIf(installation === undefined)(
  'a server that ends by itself is known to have ended, and can be started again',
  async () => {
    await using broker = await create({})
    await broker.start()
    const socket = connect(broker.port, '127.0.0.1')
    socket.end('SHUTDOWN NOSAVE\r\n')
    await expect.poll(() => broker.isRunning, { timeout: 10_000 }).toBe(false)
    await broker.start()
    expect(broker.isRunning).toBe(true)
  },
)
