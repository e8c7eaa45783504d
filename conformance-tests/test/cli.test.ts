import { spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { run } from '../src/cli/run.js'
import { CASES, VIRTUAL_TIMING } from '../src/index.js'

const MEMORY = join(import.meta.dirname, '../../adapters/memory/conformance.ts')
const WORSE = join(import.meta.dirname, 'runners/fixtures/target.js')
const folder = mkdtempSync(join(tmpdir(), 'pluribus-cli-'))
afterAll(() => rmSync(folder, { recursive: true }))

/** A module that is given to the command. */
function fixture(name: string, text: string): string {
  const path = join(folder, name)
  writeFileSync(path, text)
  return path
}

/** A target whose adapter is this. */
const targetOf = (adapter: string, required = '[]'): string => `export default {
  name: 'mine', time: 'virtual', timing: ${JSON.stringify(VIRTUAL_TIMING)}, required: { claims: ${required} },
  settings: async () => ({}), adapter: async () => (${adapter}),
}`
const adapterThat = (connect: string) =>
  `{ name: 'mine', capabilities: {}, connect: ${connect}, classify: () => ({ code: 'UNKNOWN', retryable: false }) }`

async function command(
  ...args: readonly string[]
): Promise<{ code: number; lines: readonly string[]; last: string | undefined }> {
  const lines: string[] = []
  const code = await run(args, line => lines.push(...line.split('\n')))
  return { code, lines, last: lines.at(-1) }
}

describe('the command', () => {
  test('runs what is selected, says what it does, and ends with the counts', async () => {
    const { code, lines, last } = await command(MEMORY, '--only', 'ACK-01,LFO-01,LFO-02', '--seed', '7')
    expect(code).toBe(0)
    expect(lines[0]).toMatch(/^memory on memory .*: 3 cases, profile full, seed 7$/)
    expect(lines[1]).toMatch(/^1\/3 ✓ ACK-01 .* \(\d+ ms\)$/)
    expect(last).toBe('3 passed, 0 failed, 0 skipped')
  })

  test('a failure is a paragraph: what was promised, what happened, how it ended, and how to see it again', async () => {
    const { code, lines, last } = await command(WORSE, '--only', 'RTY-01', '--seed', '7', '--scale', '0.5')
    expect(code).toBe(1)
    const text = lines.join('\n')
    expect(text).toMatch(/STALE-DEVIATION RTY-01: /)
    expect(text).toMatch(/ {2}Promised: .+/)
    expect(text).toMatch(/ {2}Happened: It passes: take it off the known deviations/)
    expect(text).toMatch(/ {2}History \(the last 15 of \d+ events\):\n {4}\[ +\d+ms p\d+\] /)
    expect(text).toContain(`  Again: pluribus-conformance ${WORSE} --only RTY-01 --seed 7 --scale 0.5`)
    expect(last).toBe('0 passed, 1 failed, 0 skipped')
  })

  test('what could not be shown keeps a run from passing, unless that is allowed', async () => {
    const skipped = await command(WORSE, '--only', 'ACK-01,LFO-01')
    expect([skipped.code, skipped.last]).toEqual([0, '1 passed, 0 failed, 1 skipped'])
    const deviating = await command(WORSE, '--only', 'ACK-01,NCK-09')
    expect([deviating.code, deviating.last]).toEqual([2, '1 passed, 0 failed, 1 skipped'])
    expect((await command(WORSE, '--only', 'ACK-01,NCK-09', '--allow-blocked')).code).toBe(0)
  })

  test('a run in which nothing passes has not passed', async () => {
    expect(await command(WORSE, '--only', 'LFO-01,LFO-02')).toMatchObject({
      code: 1,
      last: '0 passed, 0 failed, 2 skipped',
    })
  })

  test('lists without running', async () => {
    const { code, lines } = await command(MEMORY, '--list')
    expect(code).toBe(0)
    const expected = CASES.filter(({ id }) => !id.startsWith('REF-') || id === 'REF-transactions')
    expect(lines.length).toBe(1 + expected.length)
  })

  test('writes a report', async () => {
    await command(MEMORY, '--only', 'ACK', '--report', folder)
    const report = JSON.parse(readFileSync(join(folder, 'report.json'), 'utf8')) as { partial: boolean }
    expect(report.partial).toBe(true)
    expect(existsSync(join(folder, 'badge.json'))).toBe(false)
  })

  test.each([
    [[], /Which target module/],
    [[MEMORY, MEMORY], /One target module at a time/],
    [[MEMORY, '--profile', 'most'], /core or full, not "most"/],
    [[MEMORY, '--seed', 'x'], /--seed is a number/],
    [[MEMORY, '--repeat', '1.5'], /--repeat is a whole number/],
    [[MEMORY, '--scale', '0'], /--scale is a number from/],
    [[MEMORY, '--only', ','], /names no group/],
    [[MEMORY, '--only', 'ACK-97'], /no case and no group called ACK-97/],
    [[MEMORY, '--fast'], /--fast/],
    [['matrix', '--fast'], /--fast/],
    [[join(import.meta.dirname, 'kit.ts')], /has no default export/],
    [['./nowhere.js'], /There is no module .\/nowhere.js/],
    [
      [fixture('misspelt.mjs', targetOf(`{ name: 'm' }`, "['fifo:exakt']"))],
      /has "fifo:exakt", which no adapter can claim. Legal are fifo:exact, fifo:windowed, fifo:none/,
    ],
    [[fixture('throws.mjs', 'throw new Error("no licence")')], /throws.mjs cannot be imported/],
    [
      [fixture('half.mjs', targetOf("{ name: 'half' }"))],
      /adapter has no capabilities, connect\(\), classify\(\): see/,
    ],
    [[fixture('no.mjs', targetOf(adapterThat('() => Promise.reject(new Error(`no`))')))], /of mine does not connect/],
    [
      [fixture('hollow.mjs', targetOf(adapterThat('async () => ({})')))],
      /connection has no server, .*: see Connection/,
    ],
  ])('%j cannot be understood', async (args, message) => {
    const { code, lines } = await command(...args)
    expect(code).toBe(3)
    expect(lines[0]).toMatch(message)
  })

  test('says what to do where an ES module is taken for a CommonJS one', () => {
    const command = join(import.meta.dirname, '../dist/cli.js')
    const { status, stdout } = spawnSync(process.execPath, [command, fixture('old.cjs', 'import "node:fs"')], {
      encoding: 'utf8',
    })
    expect(stdout).toMatch(/run as CommonJS: write "type": "module"/)
    expect(status).toBe(3)
  })
})
