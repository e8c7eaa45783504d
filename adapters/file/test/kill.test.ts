import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { createBroker, topic } from '@pluribus/core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { file } from '../src/index.js'

const ROOT = join(import.meta.dirname, '../../..')
/** `PLURIBUS_KILLS=1000` for more. */
const KILLS = Number(process.env.PLURIBUS_KILLS ?? 5)
const LINES_OF_A_LIFE = 60

let dir = ''
beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'pluribus-file-kill-'))
})
afterAll(() => rm(dir, { recursive: true, force: true }))

/** Runs a process on the folder, kills it after so many lines, and answers what it had said. */
async function live(life: number, lines: number): Promise<readonly string[]> {
  const sources = [
    '--no-warnings',
    '--conditions=pluribus-source',
    `--import=${join(ROOT, 'scripts/mutation/hooks.ts')}`,
  ]
  const worker = spawn(process.execPath, [...sources, join(import.meta.dirname, 'kill/worker.ts'), dir, String(life)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const ended = once(worker, 'exit')
  const said: string[] = []
  for await (const line of createInterface({ input: worker.stdout })) {
    said.push(line)
    if (said.length === lines) worker.kill('SIGKILL')
  }
  const [, signal] = await ended
  if (signal !== 'SIGKILL') throw new Error(`The process ended by itself, after ${said.length} lines.`)
  return said
}

test('a process that is killed, again and again, loses nothing that it was told to be stored, and repeats nothing that it was told to be acked', async () => {
  const stored = new Set<string>()
  const ran = new Set<string>()
  const acked = new Set<string>()
  const hear = (line: string) => {
    const [what, id = ''] = line.split(' ')
    if (what === 'ran' && acked.has(id)) throw new Error(`${id} was acked, and runs again.`)
    if (what === 'ran') ran.add(id)
    if (what === 'stored') stored.add(id)
    if (what === 'acked') acked.add(id)
  }
  for (let life = 1; life <= KILLS; life++) {
    for (const line of await live(life, LINES_OF_A_LIFE + life * 7)) hear(line)
  }
  expect(stored.size).toBeGreaterThan(KILLS * 10)
  expect(acked.size).toBeGreaterThan(KILLS * 5)
  const numbers = topic<{ id: string }>('numbers')
  const reader = numbers.subscription('reader')
  const broker = await createBroker({ adapter: file({ dir }), journal: 'off' })
  const kept = new Set<string>()
  for await (const { id } of broker.history(numbers, { from: 'earliest' })) kept.add(id)
  expect([...stored].filter(id => !kept.has(id))).toEqual([])
  await broker.subscribe(reader, async ({ id }) => hear(`ran ${id}`))
  // What was acked when nobody could be told any more has run, too.
  await expect.poll(() => [...stored].filter(id => !ran.has(id)), { timeout: 30_000 }).toEqual([])
  await expect.poll(() => broker.counts(reader)).toMatchObject({ waiting: 0, leased: 0, dead: 0 })
  await broker.close()
}, 300_000)
