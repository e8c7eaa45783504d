import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, onTestFinished, test, vi } from 'vitest'
import { runAndRead, temporaryDirectory } from './run-shop.ts'

const MAIN = fileURLToPath(new URL('../src/main.ts', import.meta.url))
const LINES = 600
const SAMPLE = ['--lines', String(LINES)]
const KILLS = 20
/** Bytes that a process has added to the log, at most, when it is killed: so that all of them together leave something to do. */
const LIFE_BYTES = 60_000

/** So many that two processes which begin at the same time both find something to do. */
const MANY = ['--lines', '2000']

/** What an undisturbed run comes to, on another broker. */
async function undisturbed(sales: readonly string[] = SAMPLE): Promise<string> {
  return (await runAndRead(['--quiet', '--adapter', 'memory:', ...sales])).report.digest
}

/** A shop that has begun: the broker is there, and it reads its sales. */
async function begin(cwd: string): Promise<ChildProcess> {
  const child = spawn(process.execPath, [MAIN, ...SAMPLE], { cwd, stdio: ['ignore', 'pipe', 'inherit'] })
  onTestFinished(() => void child.kill('SIGKILL'))
  await once(child.stdout, 'data')
  return child
}

/** A file that is just made has another name in a moment. */
const GONE = { throwIfNoEntry: false } as const

/** Bytes of the log. */
function written(cwd: string): number {
  const segments = join(cwd, `.pluribus/demo/sample-${LINES}/segments`)
  if (!existsSync(segments)) return 0
  return readdirSync(segments).reduce((sum, name) => sum + (statSync(join(segments, name), GONE)?.size ?? 0), 0)
}

/** Returns when so many bytes more were written. */
async function grown(cwd: string, bytes: number): Promise<void> {
  const before = written(cwd)
  await vi.waitUntil(() => written(cwd) >= before + bytes, { timeout: 200_000, interval: 2 })
}

async function kill(child: ChildProcess): Promise<void> {
  const ended = once(child, 'exit')
  if (!child.kill('SIGKILL')) throw new Error(`It had ended by itself: ${child.exitCode}.`)
  const [, signal] = await ended
  if (signal !== 'SIGKILL') throw new Error('It had ended by itself.')
}

/** Runs the shop to its end in that directory. */
const finish = (cwd: string, sales = SAMPLE) => runAndRead(sales, undefined, cwd)

describe('a shop in a folder', () => {
  test(`that is killed ${KILLS} times, whenever it may be, comes to the same digest`, async () => {
    const cwd = temporaryDirectory()
    for (let round = 0; round < KILLS; round++) {
      const child = await begin(cwd)
      await grown(cwd, Math.random() * LIFE_BYTES)
      await kill(child)
    }
    const { code, stdout, report } = await finish(cwd)
    expect(stdout).toMatch(/going on: [\d,]+ lines were in already/)
    expect(report).toMatchObject({ lines: LINES, interrupted: false, addsUp: true, digest: await undisturbed() })
    expect(code).toBe(0)
  }, 900_000)

  test('is run by two processes at once, and both come to the same digest', async () => {
    const cwd = temporaryDirectory()
    const both = await Promise.all([finish(cwd, MANY), finish(cwd, MANY)])
    const digest = await undisturbed(MANY)
    expect(both.map(({ report }) => report.digest)).toEqual([digest, digest])
    expect(both[0]?.report).toEqual(both[1]?.report)
    // Each has had its part: a line of a ledger is a delivery that has ended in that process.
    for (const { ledger } of both) expect(ledger.length).toBeGreaterThan(10)
  }, 400_000)

  test.each(['the first', 'the second'])(
    'goes on in one of two processes when the other one, %s, is killed',
    async which => {
      const cwd = temporaryDirectory()
      const first = which === 'the first' ? await begin(cwd) : undefined
      const finishing = finish(cwd)
      const victim = first ?? (await begin(cwd))
      await grown(cwd, LIFE_BYTES)
      await kill(victim)
      const { code, report } = await finishing
      expect(report).toMatchObject({ addsUp: true, digest: await undisturbed() })
      expect(code).toBe(0)
    },
    400_000,
  )

  test('drains on Ctrl-C and goes on when it is run again', async () => {
    const cwd = temporaryDirectory()
    let isSent = false
    const { code, report } = await runAndRead(
      SAMPLE,
      (output, send) => {
        if (isSent || !output.includes('lines read')) return
        isSent = true
        send('SIGINT')
      },
      cwd,
    )
    expect(report).toMatchObject({ interrupted: true, othersGoOn: false, addsUp: true })
    expect(code).toBe(0)
    expect((await finish(cwd)).report).toMatchObject({ interrupted: false, addsUp: true, digest: await undisturbed() })
  }, 400_000)

  test('that is finished has nothing left to do, until it is to be fresh', async () => {
    const cwd = temporaryDirectory()
    const few = ['--lines', '300']
    const first = await runAndRead(few, undefined, cwd)
    const again = await runAndRead(few, undefined, cwd)
    expect(again.report).toEqual(first.report)
    expect(again.ledger).toEqual([])
    const fresh = await runAndRead([...few, '--fresh'], undefined, cwd)
    expect(fresh.report).toEqual(first.report)
    expect(fresh.ledger.length).toBeGreaterThan(300)
    expect(readdirSync(join(cwd, '.pluribus/demo'))).toEqual(['sample-300'])
  }, 400_000)
})
