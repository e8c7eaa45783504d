import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { expect, test, vi } from 'vitest'
import { BROKER_KINDS, findOrBlock, startBroker } from '../src/index.ts'
import { RunningServer } from './running-server.ts'

const here: string[] = []
for (const kind of BROKER_KINDS) if ((await findOrBlock(kind)) !== undefined) here.push(kind)
const TIMEOUT = 180_000

function fixture(name: string, kinds: readonly string[]): { readonly child: ChildProcess; ports: Promise<number[]> } {
  const program = fileURLToPath(new URL(`./fixtures/${name}.ts`, import.meta.url))
  const child = spawn(process.execPath, [program, ...kinds], { stdio: ['ignore', 'pipe', 'inherit'] })
  const ports = once(createInterface({ input: child.stdout }), 'line').then(([line]) => JSON.parse(line) as number[])
  return { child, ports }
}

async function expectGone(servers: readonly RunningServer[]): Promise<void> {
  for (const server of servers) {
    await vi.waitFor(() => expect(server.left()).toEqual([]), { timeout: 30_000, interval: 50 })
  }
}

test.skipIf(here.length === 0)(
  'all servers are gone when the process that started them is killed',
  { timeout: TIMEOUT },
  async () => {
    const { child, ports } = fixture('start-and-wait', here)
    const started = (await ports).map(port => new RunningServer(port))
    expect(started).toHaveLength(here.length)
    for (const { processes } of started) expect(processes).not.toEqual([])
    child.kill('SIGKILL')
    await expectGone(started)
  },
)

test.skipIf(here.length === 0)(
  'a server keeps nobody alive, and is gone when its user ends',
  { timeout: TIMEOUT },
  async () => {
    const { child, ports } = fixture('start-and-end', here.slice(0, 1))
    const ended = once(child, 'exit')
    const started = (await ports).map(port => new RunningServer(port))
    expect((await ended)[0]).toBe(0)
    await expectGone(started)
  },
)

test.skipIf(!here.includes('redis'))(
  'what has been disposed of is gone, and several run at once',
  { timeout: TIMEOUT },
  async () => {
    const brokers = await Promise.all([startBroker('redis'), startBroker('redis'), startBroker('redis')])
    expect(new Set(brokers.map(({ port }) => port)).size).toBe(3)
    const servers = brokers.map(({ port }) => new RunningServer(port))
    for (const broker of brokers) {
      await broker.dispose()
      await broker.dispose()
      expect(broker.isRunning).toBe(false)
      await expect(broker.start()).rejects.toThrow(/disposed/)
    }
    expect(servers.flatMap(server => server.left())).toEqual([])
  },
)
