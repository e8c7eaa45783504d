import { spawnSync } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { runTool, type Tool, type ToolOptions } from '../src/cli/run-tool.js'
import { CommitLog, nodeDisk } from '../src/index.js'
import type { SimDisk } from '../src/testing/sim-disk.js'
import { appendEach, opened, segmentsOf, simDisk, texts } from './opened.js'

/** A log of some segments, closed in good order. */
async function written(): Promise<SimDisk> {
  const disk = simDisk()
  const { log } = await opened({ disk })
  await appendEach(log, texts(100))
  await log.close()
  return disk.restart('process')
}

async function run(disk: SimDisk, tool: Tool, options: Partial<ToolOptions> = {}) {
  const lines: string[] = []
  const told: string[] = []
  let time = 0
  const clock = { now: () => 0, monotonic: () => (time += 1000) }
  const code = await runTool(disk, {
    tool,
    json: false,
    alone: false,
    environment: { clock, timers: { setImmediate }, random: () => 0.5 },
    write: line => lines.push(line),
    tell: line => told.push(line),
    progress: undefined,
    ...options,
  })
  return { code, lines, told }
}

function damage(disk: SimDisk): void {
  const path = segmentsOf(disk)[1] as string
  const bytes = disk.contentOf(path)
  bytes[200] = (bytes[200] as number) ^ 1
  disk.overwrite(path, bytes)
}

describe('verify', () => {
  test('says that a log is whole, to people and to programs', async () => {
    const disk = await written()
    const { code, lines } = await run(disk, 'verify')
    expect([code, lines[0], lines.at(-1)]).toEqual([0, expect.stringContaining('100 records'), 'whole'])
    const { lines: json } = await run(disk, 'verify', { json: true })
    expect(JSON.parse(json.join(''))).toMatchObject({ isWhole: true, records: 100, next: 101, damage: [] })
  })

  test('says what is damaged, and ends with 1', async () => {
    const disk = await written()
    damage(disk)
    const { code, lines } = await run(disk, 'verify')
    expect([code, lines.at(-1)]).toEqual([1, 'damaged'])
    expect(lines).toContainEqual(
      expect.stringMatching(/^damaged: segment \d+ \(batches, bytes \d+ to \d+\): record \d+ lost$/),
    )
    const { lines: json } = await run(disk, 'verify', { json: true })
    expect(JSON.parse(json.join(''))).toMatchObject({ isWhole: false, damage: [{ kind: 'batches' }] })
  })
})

describe('repair', () => {
  test('is refused to whoever does not say that he is alone', async () => {
    const disk = await written()
    damage(disk)
    const before = disk.paths
    expect(await run(disk, 'repair')).toMatchObject({ code: 2, told: [expect.stringContaining('--alone')] })
    expect(disk.paths).toEqual(before)
  })

  test('says what is lost, after which the log is whole', async () => {
    const disk = await written()
    damage(disk)
    const { code, lines } = await run(disk, 'repair', { alone: true })
    expect([code, lines.at(-1)]).toEqual([1, 'repaired: what is lost is declared'])
    expect(lines).toContainEqual(expect.stringMatching(/^kept aside: quarantine\//))
    expect((await run(disk, 'verify')).code).toBe(0)
    expect(await run(disk, 'repair', { alone: true, json: true })).toMatchObject({
      code: 0,
      lines: [expect.stringContaining('"damage":[]')],
    })
  })
})

describe('dump', () => {
  test('writes records as lines, and ends with 1 where some are damaged', async () => {
    const disk = await written()
    const { code, lines } = await run(disk, 'dump')
    expect([code, lines.length]).toEqual([0, 100])
    expect(Buffer.from(JSON.parse(lines[0] as string).body, 'base64').toString()).toMatch(/^1 x+$/)
    damage(disk)
    expect((await run(disk, 'dump')).code).toBe(1)
  })
})

test('progress is told while there is something to read, and wiped away', async () => {
  const disk = await written()
  const progress: string[] = []
  await run(disk, 'verify', { progress: line => progress.push(line) })
  expect(progress.at(-1)).toBe('')
  const shares = progress.slice(0, -1).map(line => Number(/^(\d+) % of 1 MiB$/.exec(line)?.[1]))
  expect(shares.length).toBeGreaterThan(3)
  expect(shares).toEqual(shares.toSorted((a, b) => a - b))
  expect(shares.at(-1)).toBe(100)
})

test('what cannot be done ends with 3, and says why', async () => {
  const disk = await written()
  disk.fault = ({ kind }) => (kind === 'read' ? 'EIO' : undefined)
  expect(await run(disk, 'verify')).toMatchObject({ code: 3, told: ['EIO: a simulated failure'] })
})

test('a program does it on this machine, and ends with 2 when it is asked wrongly', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'pluribus-log-cli-'))
  try {
    const log = await CommitLog.open({ disk: nodeDisk(folder), limits: { reserveBytes: 0 } })
    await log.append(1, Buffer.from('hello'))
    await log.close()
    const root = join(import.meta.dirname, '../../..')
    const start = [
      '--no-warnings',
      '--conditions=pluribus-source',
      `--import=${join(root, 'scripts/mutation/hooks.ts')}`,
    ]
    const cli = (...args: string[]) => {
      const program = join(root, 'packages/commit-log/src/cli.ts')
      const { status, stdout, stderr } = spawnSync(process.execPath, [...start, program, ...args], { encoding: 'utf8' })
      return { status, stdout, stderr }
    }
    expect(cli('verify', folder, '--json')).toMatchObject({
      status: 0,
      stdout: expect.stringContaining('"records":1'),
      stderr: '',
    })
    expect(cli('dump', folder).stdout).toContain(Buffer.from('hello').toString('base64'))
    const segments = join(folder, 'segments')
    const path = join(segments, readdirSync(segments)[0] as string)
    const bytes = readFileSync(path)
    bytes[100] = (bytes[100] as number) ^ 1
    writeFileSync(path, bytes)
    expect(cli('verify', folder).status).toBe(1)
    expect(cli('repair', folder).status).toBe(2)
    expect(cli('repair', folder, '--alone').status).toBe(1)
    expect(cli('verify', folder).status).toBe(0)
    for (const wrong of [
      [],
      ['verify'],
      ['eat', folder],
      ['verify', join(folder, 'none')],
      ['verify', folder, '--no'],
      ['verify', folder, 'b'],
    ]) {
      expect(cli(...wrong).status, wrong.join(' ')).toBe(2)
    }
    expect(cli('--help')).toMatchObject({ status: 0, stdout: expect.stringContaining('Exit codes') })
  } finally {
    rmSync(folder, { recursive: true })
  }
}, 120_000)
