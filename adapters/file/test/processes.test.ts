import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { createBroker, type Duration, topic } from '@pluribus/core'
import type { Connection } from '@pluribus/core/driver'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { classify } from '../src/errors.js'
import { file } from '../src/index.js'
import { topicSpec } from './kit.js'
import { realEnvironment } from './socket-environment.js'

const ROOT = join(import.meta.dirname, '../../..')
const numbers = topic<{ id: string }>('numbers')

let dir = ''
const children: ChildProcess[] = []

beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'pluribus-file-processes-'))
})
afterEach(async () => {
  for (const child of children.splice(0)) await kill(child)
  await rm(dir, { recursive: true, force: true })
})

async function kill(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const ended = once(child, 'exit')
  child.kill('SIGKILL')
  await ended
}

/** A process of ours on the folder, once it has said so many lines. */
async function start(
  script: 'worker' | 'leaver' | 'handler',
  args: readonly string[] = [],
  lines = 1,
): Promise<{ readonly child: ChildProcess; readonly said: string[] }> {
  const sources = [
    '--no-warnings',
    '--conditions=pluribus-source',
    `--import=${join(ROOT, 'scripts/mutation/hooks.ts')}`,
  ]
  const path = join(import.meta.dirname, `kill/${script}.ts`)
  const child = spawn(process.execPath, [...sources, path, dir, ...args], { stdio: ['ignore', 'pipe', 'inherit'] })
  children.push(child)
  const said: string[] = []
  createInterface({ input: child.stdout }).on('line', line => said.push(line))
  await expect.poll(() => said.length, { timeout: 30_000 }).toBeGreaterThanOrEqual(lines)
  return { child, said }
}

/** A process that publishes and handles until it is killed. */
const startWorker = (life: number) => start('worker', [String(life)], 40)

const storedIn = (said: readonly string[]) =>
  said.filter(line => line.startsWith('stored ')).map(line => line.slice('stored '.length))

async function kept(dir: string): Promise<Set<string>> {
  await using broker = await createBroker({ adapter: file({ dir }), journal: 'off' })
  const ids = new Set<string>()
  for await (const { id } of broker.history(numbers, { from: 'earliest' })) ids.add(id)
  return ids
}

test('a folder is used through the process that has it; when that is killed, others have it within seconds, whole', async () => {
  const { child, said } = await startWorker(1)
  const broker = await createBroker({ adapter: file({ dir }), journal: 'off' })
  const own: string[] = []
  const publish = async (id: string) => {
    await broker.publish(numbers, { id }, { id })
    own.push(id)
  }
  for (let number = 0; number < 50; number++) await publish(`before ${number}`)
  await kill(child)
  const before = performance.now()
  await publish('after')
  expect(performance.now() - before).toBeLessThan(5_000)
  const { said: others } = await startWorker(2)
  await broker.close()
  const heard = others.length
  // Now it leads, and goes on by itself.
  await expect.poll(() => others.length, { timeout: 30_000 }).toBeGreaterThan(heard + 40)
  const ids = await kept(dir)
  expect([...storedIn(said), ...own].filter(id => !ids.has(id))).toEqual([])
  expect(storedIn(said).length).toBeGreaterThan(5)
}, 120_000)

test('a process that has the folder and is killed is replaced within a second: the next publish of another one is stored by then', async () => {
  const waits: number[] = []
  for (let round = 0; round < 5; round++) {
    const { child } = await startWorker(round)
    const broker = await createBroker({ adapter: file({ dir }), journal: 'off' })
    await broker.publish(numbers, { id: `before ${round}` }, { id: `before ${round}` })
    await kill(child)
    const before = performance.now()
    await broker.publish(numbers, { id: `after ${round}` }, { id: `after ${round}` })
    waits.push(performance.now() - before)
    await broker.close()
  }
  // The best of five, because the machine may have much else to do.
  expect(Math.min(...waits)).toBeLessThan(1_000)
}, 120_000)

test('a process that has the folder and is closed in good order costs nobody a publish, and ends by itself', async () => {
  const { child } = await start('leaver')
  const ended = once(child, 'exit')
  await using broker = await createBroker({ adapter: file({ dir, leaderTimeout: '30s' }), journal: 'off' })
  const published: Promise<unknown>[] = []
  const wave = async () => {
    // Two thirds of them wait for the others: there is always something under way.
    for (let number = 0; number < 30; number++) published.push(broker.publish(numbers, { id: `${number}` }))
    await published.at(-20)
  }
  for (let round = 0; round < 20; round++) await wave()
  child.kill('SIGTERM')
  let isOver = false
  void ended.then(() => {
    isOver = true
  })
  while (!isOver) await wave()
  await wave()
  await Promise.all(published)
  expect(await ended).toEqual([0, null])
  let count = 0
  for await (const _ of broker.history(numbers, { from: 'earliest' })) count++
  expect(count).toBe(published.length)
}, 60_000)

test('processes that have the folder are closed one after the other, and what the others are running, or settle just then, is run once', async () => {
  const { child: leaver } = await start('leaver')
  const handlers: Awaited<ReturnType<typeof start>>[] = []
  for (let number = 0; number < 3; number++) handlers.push(await start('handler'))
  // Nobody is to be taken for silent here, however long a busy disk keeps a process.
  await using broker = await createBroker({ adapter: file({ dir, leaderTimeout: '30s' }), journal: 'off' })
  const ran = () => handlers.flatMap(({ said }) => said.filter(line => line.startsWith('ran ')))
  const published: Promise<unknown>[] = []
  const publish = (count: number) => {
    for (let left = count; left > 0; left--) {
      published.push(broker.publish(numbers, { id: `${published.length}` }))
    }
  }
  publish(150)
  // Whoever leads after the first is one of those that are closed next, or the last of all.
  for (const child of [leaver, ...handlers.slice(0, 2).map(({ child }) => child)]) {
    publish(150)
    const before = ran().length
    await expect.poll(() => ran().length, { timeout: 30_000 }).toBeGreaterThan(before + 40)
    const ended = once(child, 'exit')
    child.kill('SIGTERM')
    expect(await ended).toEqual([0, null])
  }
  await Promise.all(published)
  await expect.poll(() => new Set(ran()).size, { timeout: 30_000 }).toBe(published.length)
  await expect
    .poll(() => broker.counts(numbers.subscription('reader')), { timeout: 30_000 })
    .toMatchObject({ waiting: 0, leased: 0 })
  expect(ran().length).toBe(published.length)
}, 120_000)

test('a process that has the folder and is suspended is replaced; when it goes on it uses the folder through another, and loses nothing', async () => {
  const { child, said } = await startWorker(1)
  await using broker = await createBroker({ adapter: file({ dir, leaderTimeout: '1s' }), journal: 'off' })
  await broker.publish(numbers, { id: 'before' }, { id: 'before' })
  child.kill('SIGSTOP')
  await broker.publish(numbers, { id: 'after' }, { id: 'after' })
  child.kill('SIGCONT')
  const heard = said.length
  await expect.poll(() => said.length, { timeout: 30_000 }).toBeGreaterThan(heard + 40)
  await kill(child)
  const ids = await kept(dir)
  expect(['before', 'after', ...storedIn(said)].filter(id => !ids.has(id))).toEqual([])
}, 120_000)

/** Another process takes the folder, and ends. */
async function takeOver(dir: string): Promise<void> {
  const leaders = join(dir, 'leaders')
  const locks = (await readdir(leaders)).filter(name => name.startsWith('lock.')).sort()
  const newest = Number.parseInt((locks.at(-1) as string).slice('lock.'.length), 16)
  await writeFile(join(leaders, `lock.${(newest + 1).toString(16).padStart(8, '0')}`), '')
}

test.each<[string, Duration, (connection: Connection) => Promise<void>]>([
  ['notices it by itself', '1s', async () => {}],
  [
    'acknowledges nothing more',
    '5m',
    async (connection: Connection) => {
      const declared = connection.declare([topicSpec()], [])
      await expect(declared.catch(error => Promise.reject(classify(error)))).rejects.toMatchObject({
        code: 'UNAVAILABLE',
        retryable: true,
      })
    },
  ],
])(
  'a process whose folder was taken over %s, loses its connections, and has the folder again',
  async (_, leaderTimeout, use) => {
    const lost: unknown[] = []
    const events = { lost: (cause: unknown) => void lost.push(cause) }
    const adapter = file({ dir, leaderTimeout })
    const connection = await adapter.connect(realEnvironment, events)
    await takeOver(dir)
    await use(connection)
    await expect.poll(() => lost.length, { timeout: 10_000 }).toBe(1)
    expect(classify(lost[0])).toEqual({ code: 'UNAVAILABLE', retryable: true })
    const again = await adapter.connect(realEnvironment, events)
    await again.declare([topicSpec()], [])
    await connection.close()
    await again.close()
    expect(lost).toHaveLength(1)
  },
)

test('a folder that was closed in good order leaves nobody listening', async () => {
  const connection = await file({ dir }).connect(realEnvironment, { lost() {} })
  expect((await readdir(join(dir, 'leaders'))).filter(name => name.startsWith('s.'))).toHaveLength(1)
  await connection.close()
  expect((await readdir(join(dir, 'leaders'))).map(name => name.replace(/\..*/, ''))).toEqual(['lock'])
})
