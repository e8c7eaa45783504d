import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createBroker, topic } from '@pluribus/core'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { type ExportCommand, runExport } from '../src/cli/run-export.js'
import { file } from '../src/index.js'

const ROOT = join(import.meta.dirname, '../../..')
const PROGRAM = [
  '--no-warnings',
  '--conditions=pluribus-source',
  `--import=${join(ROOT, 'scripts/mutation/hooks.ts')}`,
  join(ROOT, 'adapters/file/src/cli.ts'),
]
const numbers = topic<{ n: number }>('numbers')

let home = ''
let dir = ''
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'pluribus-file-cli-'))
  dir = join(home, 'broker')
})
afterEach(() => rmSync(home, { recursive: true, force: true }))

async function publish(count: number): Promise<void> {
  await using broker = await createBroker({ adapter: file({ dir }), journal: 'off' })
  await broker.publishMany(
    numbers,
    Array.from({ length: count }, (_, n) => ({ data: { n } })),
  )
}

function started(...args: readonly string[]) {
  const child = spawn(process.execPath, [...PROGRAM, ...args], { stdio: ['ignore', 'pipe', 'pipe'] })
  const said = { out: '', err: '' }
  child.stdout.setEncoding('utf8').on('data', text => {
    said.out += text
  })
  child.stderr.setEncoding('utf8').on('data', text => {
    said.err += text
  })
  return { child, ended: once(child, 'close').then(([code]) => ({ code: code as number | null, ...said })) }
}

const cli = (...args: readonly string[]) => started(...args).ended

test('a program exports a folder that an application uses, and says what it has', async () => {
  await using broker = await createBroker({ adapter: file({ dir }), journal: 'off' })
  await broker.publish(numbers, { n: 1 })
  expect(await cli('export', dir, '--json', join(home, 'out'))).toEqual({
    code: 0,
    out: 'numbers: 1 messages\n',
    err: '',
  })
  const [day] = readdirSync(join(home, 'out', 'messages', 'numbers')) as [string]
  const text = readFileSync(join(home, 'out', 'messages', 'numbers', day), 'utf8')
  expect(JSON.parse(text)).toMatchObject({ topic: 'numbers', encoding: 'json', data: { n: 1 } })
  // The application had the folder all the time.
  await broker.publish(numbers, { n: 2 })
  expect(await cli('export', dir, '--json', join(home, 'out'))).toMatchObject({
    code: 2,
    err: expect.stringMatching(/^CONFLICT: /),
  })
}, 120_000)

test('damage ends with 1, a wrong question with 2', async () => {
  await publish(10)
  const segments = join(dir, 'segments')
  const [segment] = readdirSync(segments).sort()
  const bytes = readFileSync(join(segments, segment as string))
  bytes[bytes.length - 5] = (bytes[bytes.length - 5] as number) ^ 1
  writeFileSync(join(segments, segment as string), bytes)
  const damaged = await cli('export', dir, '--json', join(home, 'out'))
  expect(damaged).toMatchObject({
    code: 1,
    out: expect.stringMatching(/^damaged: records? \d+.* \(batches, segment 1\)$/m),
  })
  const wrong = [[], ['export'], ['export', dir], ['eat', dir, '--json', 'x'], ['export', dir, '--no']]
  const ends = await Promise.all(wrong.map(args => cli(...args)))
  expect(ends.map(({ code }) => code)).toEqual(wrong.map(() => 2))
  expect(await cli('--help')).toMatchObject({ code: 0, out: expect.stringContaining('Exit codes') })
}, 120_000)

test('an interrupt ends it with 130, and leaves nothing', async () => {
  await publish(20_000)
  const { child, ended } = started('export', dir, '--json', join(home, 'out'))
  const isWriting = () => readdirSync(home).some(name => name.startsWith('out.unfinished-'))
  await vi.waitUntil(isWriting, { timeout: 30_000, interval: 1 })
  child.kill('SIGINT')
  expect(await ended).toMatchObject({ code: 130, err: expect.stringMatching(/^ABORTED: /) })
  expect(readdirSync(home)).toEqual(['broker'])
}, 120_000)

test('progress is told, twice a second at most, and wiped away', async () => {
  await publish(10)
  const lines: string[] = []
  let time = 0
  const command: ExportCommand = {
    ...{ dir, to: join(home, 'out'), signal: new AbortController().signal, write() {}, tell() {} },
    monotonic: () => {
      time += 1_000
      return time
    },
    progress: line => lines.push(line),
  }
  expect(await runExport(command)).toBe(0)
  expect(lines).toEqual(['step 1 of 2: 100 % of 1 MiB', 'step 2 of 2: 100 % of 1 MiB', ''])
})
