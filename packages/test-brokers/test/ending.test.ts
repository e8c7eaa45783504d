import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { expect, test, vi } from 'vitest'
import { BROKER_KINDS, findOrBlock, startBroker } from '../src/index.ts'

const here: string[] = []
for (const kind of BROKER_KINDS) if ((await findOrBlock(kind)) !== undefined) here.push(kind)
const TIMEOUT = 180_000

const folderOf = (port: number) => join(tmpdir(), `pluribus-broker-${port}`)

const isOpen = (port: number): Promise<boolean> =>
  new Promise(resolve => {
    const socket = connect(port, '127.0.0.1')
    socket.once('connect', () => resolve(socket.destroy() !== undefined))
    socket.once('error', () => resolve(false))
  })

function fixture(name: string, kinds: readonly string[]): { readonly child: ChildProcess; ports: Promise<number[]> } {
  const program = fileURLToPath(new URL(`./fixtures/${name}.ts`, import.meta.url))
  const child = spawn(process.execPath, [program, ...kinds], { stdio: ['ignore', 'pipe', 'inherit'] })
  const ports = once(createInterface({ input: child.stdout }), 'line').then(([line]) => JSON.parse(line) as number[])
  return { child, ports }
}

async function expectGone(ports: readonly number[]): Promise<void> {
  for (const port of ports) {
    await vi.waitFor(() => expect(existsSync(folderOf(port))).toBe(false), { timeout: 60_000, interval: 50 })
    expect(await isOpen(port)).toBe(false)
  }
}

test.skipIf(here.length === 0)(
  'all servers are gone when the process that started them is killed',
  { timeout: TIMEOUT },
  async () => {
    const { child, ports } = fixture('start-and-wait', here)
    const started = await ports
    expect(new Set(started).size).toBe(here.length)
    for (const port of started) expect(await isOpen(port)).toBe(true)
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
    const started = await ports
    expect((await ended)[0]).toBe(0)
    await expectGone(started)
  },
)

test.skipIf(!here.includes('redis'))(
  'what has been disposed of is gone, and several run at once',
  { timeout: TIMEOUT },
  async () => {
    const brokers = await Promise.all([startBroker('redis'), startBroker('redis'), startBroker('redis')])
    const ports = brokers.map(({ port }) => port)
    expect(new Set(ports).size).toBe(3)
    for (const broker of brokers) {
      await broker.dispose()
      await broker.dispose()
      expect(broker.isRunning).toBe(false)
      await expect(broker.start()).rejects.toThrow(/disposed/)
    }
    for (const port of ports) expect(existsSync(folderOf(port))).toBe(false)
  },
)
