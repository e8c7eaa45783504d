import { execFile } from 'node:child_process'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { countsAs } from '../../src/engine/verdict.js'
import { defineTarget, Suite } from '../../src/index.js'

const FIXTURES = join(import.meta.dirname, 'fixtures')
const require = createRequire(import.meta.url)
const bin = (name: string, path: string) => join(dirname(require.resolve(`${name}/package.json`)), path)

/** What a runner's own output says of each case. */
type Said = ReadonlyMap<string, 'passed' | 'failed' | 'skipped'>
type Kind = 'real' | 'verdicts'

/** Runs a process to its end, whatever it exits with. */
function outputOf(args: readonly string[]): Promise<string> {
  return new Promise((resolve, reject) => {
    // What this runner has put into the environment would make the one inside another one.
    const { PATH = '', HOME = '' } = process.env
    const options = { cwd: FIXTURES, env: { PATH, HOME, NO_COLOR: '1' }, maxBuffer: 64 * 1_024 * 1_024 }
    execFile(process.execPath, args, options, (error, stdout, stderr) => {
      if (stdout === '') reject(error ?? new Error(`There was no output: ${stderr}`))
      else resolve(stdout)
    })
  })
}

const STATES = { passed: 'passed', failed: 'failed', skipped: 'skipped', pending: 'skipped' } as const
interface JsonReport {
  readonly testResults: readonly {
    readonly assertionResults: readonly { readonly title: string; readonly status: keyof typeof STATES }[]
  }[]
}

function readJson(output: string): Said {
  const report = JSON.parse(output.slice(output.indexOf('{'))) as JsonReport
  const all = report.testResults.flatMap(({ assertionResults }) => assertionResults)
  return new Map(all.map(({ title, status }) => [title.split(' ')[0] as string, STATES[status]]))
}

/** Lines of TAP that are about cases: `ok 3 - LSE-03 a late ack # SKIP blocked: …`, or with the file and the suite before it. */
function readTap(output: string): Said {
  const lines = [...output.matchAll(/^ *(ok|not ok) \d+ - (?:.* > )?([A-Z]{3}-\S+)([^\n]*)$/gm)]
  return new Map(
    lines.map(([, ok, id = '', rest = '']) => [
      id,
      / # SKIP/.test(rest) ? 'skipped' : ok === 'ok' ? 'passed' : 'failed',
    ]),
  )
}

/** The progress lines of the command: `3/17 ✓ LSE-03 …`. */
function readCommand(output: string): Said {
  const said = { '✓': 'passed', '✗': 'failed' } as const
  const lines = [...output.matchAll(/^ *\d+\/\d+ (\S) ([A-Z]{3}-\S+)/gm)]
  return new Map(lines.map(([, sign = '', id = '']) => [id, said[sign as keyof typeof said] ?? 'skipped']))
}

const vitest = (kind: Kind) =>
  outputOf([bin('vitest', 'vitest.mjs'), 'run', '--root', FIXTURES, '--reporter', 'tap-flat', `vitest.${kind}.js`])
const jest = (kind: Kind) =>
  outputOf([
    '--experimental-vm-modules',
    bin('jest', 'bin/jest.js'),
    '--json',
    '--config',
    'jest.config.json',
    `jest.${kind}.js`,
  ])
const nodeTest = (kind: Kind) => outputOf(['--test', '--test-reporter', 'tap', `node-test.${kind}.js`])

const RUNNERS: readonly (readonly [string, (kind: Kind) => Promise<Said>])[] = [
  ['Vitest', async kind => readTap(await vitest(kind))],
  ['Jest', async kind => readJson(await jest(kind))],
  ['node:test', async kind => readTap(await nodeTest(kind))],
]

const { default: target } = await import('./fixtures/target.js')
const { cases, knownDeviations } = await import('./fixtures/cases.js')

describe.each(RUNNERS)("%s's own output", (_, run) => {
  test('says of every case what the engine says', async () => {
    const results = await (await Suite.prepare(target)).runAll()
    const expected = new Map(results.map(({ case: { id }, verdict }) => [id, countsAs(verdict)]))
    expect(new Set(expected.values())).toEqual(new Set(['passed', 'failed', 'skipped']))
    expect(await run('real')).toEqual(expected)
  }, 60_000)

  test('shows nothing as passed that has not', async () => {
    const suite = await Suite.prepare(defineTarget({ ...target, knownDeviations }), { cases, repeat: 2 })
    const results = await suite.runAll()
    expect(results.map(({ verdict }) => `ends as ${verdict}`)).toEqual(cases.map(({ title }) => title))
    const said = await run('verdicts')
    expect(said).toEqual(new Map(results.map(({ case: { id }, verdict }) => [id, countsAs(verdict)])))
    expect([...said].filter(([, state]) => state === 'passed')).toEqual([['ACK-90', 'passed']])
  }, 60_000)
})

test("the command's output says of every case what the engine says, and its last line counts them", async () => {
  const results = await (await Suite.prepare(target)).runAll()
  const command = join(import.meta.dirname, '../../dist/cli.js')
  const output = await outputOf([command, './target.js'])
  expect(readCommand(output)).toEqual(new Map(results.map(({ case: { id }, verdict }) => [id, countsAs(verdict)])))
  const count = (kind: string) => results.filter(({ verdict }) => countsAs(verdict) === kind).length
  const last = output.trimEnd().split('\n').at(-1)
  expect(last).toBe(`${count('passed')} passed, ${count('failed')} failed, ${count('skipped')} skipped`)
}, 60_000)
