import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { createBroker, type Logger, topic } from '@pluribus/core'
import { unreliable } from '@pluribus/core/testing'
import { memory } from '@pluribus/memory'
import { pino } from 'pino'
import { describe, expect, it } from 'vitest'

const run = promisify(execFile)
const child = (name: string) => fileURLToPath(new URL(`./children/${name}.ts`, import.meta.url))
const hooks = fileURLToPath(new URL('./children/sources.mjs', import.meta.url))

/** Runs a program on the sources, as an application would run on the packages. */
const start = (name: string, ...args: string[]) =>
  run(process.execPath, ['--import', hooks, child(name), ...args], { timeout: 20_000 })

describe('a process with a broker', () => {
  it('writes nothing to stdout, whatever goes wrong; warnings go to stderr, one line of ours each', async () => {
    const { stdout, stderr } = await start('everything-fails')
    expect(stdout).toBe('')
    expect(stderr).toMatch(/^pluribus: An event listener has failed/m)
  })

  it('writes nothing at all where the logger is false', async () => {
    expect(await start('everything-fails', 'silent')).toEqual({ stdout: '', stderr: '' })
  })

  it('ends by itself after close(): no timer and no handle is left', async () => {
    const started = performance.now()
    await start('closes')
    // Timers of core are 5 s and longer where they leak.
    expect(performance.now() - started).toBeLessThan(4_500)
  })
})

describe('pino', () => {
  it('is a Logger, for the compiler and when running', async () => {
    const lines: string[] = []
    const logger: Logger = pino({ level: 'debug' }, { write: line => void lines.push(line) })
    const broker = await createBroker({ adapter: unreliable(memory()), logger })
    broker.on('message.published', () => {
      throw new Error('listener')
    })
    await broker.publish(topic<number>('orders.placed'), 1)
    await broker.close()
    expect(lines.map(line => JSON.parse(line))).toMatchObject([
      { level: 50, event: 'message.published', msg: expect.stringMatching(/listener has failed/) },
    ])
  })
})
