import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import { unreliable } from '@pluribus/core/testing'
import { Ajv2020 } from 'ajv/dist/2020.js'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { bases } from '../scripts/bases.js'
import { run } from '../src/cli/run.js'
import {
  type Case,
  type CaseResult,
  defineTarget,
  matrixOf,
  type Report,
  reportOf,
  Suite,
  type SuiteOptions,
  type Target,
} from '../src/index.js'
import { badgeOf } from '../src/report/badge.js'
import { junitOf } from '../src/report/junit.js'
import { markdownOf } from '../src/report/markdown.js'
import { writeReport } from '../src/report/write-report.js'
import { made } from './kit.js'

const schema = createRequire(import.meta.url)('../report.schema.json') as object
const validate = new Ajv2020({ allErrors: true }).compile(schema)
const folder = mkdtempSync(join(tmpdir(), 'pluribus-report-'))
afterAll(() => rmSync(folder, { recursive: true }))

const DATE = new Date('2026-11-21T12:00:00Z')

async function reported(options: SuiteOptions & { target?: Target } = {}): Promise<[Report, readonly CaseResult[]]> {
  const { target = bases.memory, ...rest } = options
  const suite = await Suite.prepare(target, rest)
  const results = await suite.runAll()
  return [reportOf(suite, results, DATE), results]
}

/** A target that has lifo only if it says so, and whose other claims are those of memory. */
const lesser = (capabilities: object): Target =>
  defineTarget({
    ...bases.memory,
    required: { claims: [] },
    adapter: async (settings, time) => unreliable(await bases.memory.adapter(settings, time), { capabilities }),
  })

const failing = made('ACK-90', async it => {
  await it.publish(it.topic(), 1)
  throw new Error('<order> "wrong" & \u0000 lost | twice')
})

let whole: Report

beforeAll(async () => {
  ;[whole] = await reported()
}, 60_000)

describe('report.json', () => {
  test('is what its schema says, whole and partial, with every verdict', async () => {
    const others = [
      failing,
      made('ACK-91', async it => it.blocked('no server')),
      made('ACK-92', async it => it.inconclusive('nothing came')),
      made('ACK-93', async () => {}, { needs: 'fencing:local' }),
    ]
    for (const report of [whole, (await reported({ cases: others }))[0], (await reported({ only: ['ACK'] }))[0]]) {
      validate(JSON.parse(JSON.stringify(report)))
      expect(validate.errors ?? []).toEqual([])
    }
  })

  test('the schema refuses what is no report', () => {
    const refused = (changes: object) => !validate({ ...whole, ...changes })
    expect(refused({ format: 2 })).toBe(true)
    expect(refused({ extra: 1 })).toBe(true)
    expect(refused({ partial: true, conformant: true })).toBe(true)
    expect(refused({ claims: { 'lifo:exact': 'fine' } })).toBe(true)
    expect(refused({ cases: [{ ...whole.cases[0], verdict: 'failed' }] })).toBe(true)
  })

  test('the cases selected are the sum of the counts, and of the cases', () => {
    const { passed, failed, skipped } = whole.counts
    expect(passed + failed + skipped).toBe(whole.cases.length)
    expect(whole).toMatchObject({ target: 'memory', partial: false, profile: 'full', date: DATE.toISOString() })
  })
})

describe('what a run has shown of a claim', () => {
  const proof = (id: string, run: Case['run'], more: Partial<Case> = {}): Case =>
    made(id, run, { proves: ['lifo:exact'], ...more })
  const passes = async () => {}
  const fails = () => Promise.reject(new Error('no'))
  const blocked: Case['run'] = async it => it.blocked('no server')
  const statusOf = async (
    cases: readonly Case[],
    target = bases.memory,
    claim: 'lifo:exact' | 'delay:emulated' = 'lifo:exact',
  ) => (await reported({ cases, target }))[0].claims[claim]

  test('verified by one that passes, unverified by none, broken by one that fails', async () => {
    expect(await statusOf([proof('LFO-90', passes), proof('LFO-91', blocked)])).toBe('verified')
    expect(await statusOf([made('LFO-90', passes)])).toBe('unverified')
    expect(await statusOf([proof('LFO-90', blocked)])).toBe('unverified')
    expect(await statusOf([proof('LFO-90', passes), proof('LFO-91', fails)])).toBe('broken')
  })

  test('emulated where the value says so', async () => {
    const proves = ['delay:emulated'] as const
    expect(await statusOf([made('DLY-90', passes, { proves })], lesser({ delay: 'emulated' }), 'delay:emulated')).toBe(
      'emulated',
    )
  })

  test('refused where a probe has shown that, broken where it has shown the contrary, nothing where there is none', async () => {
    const target = lesser({ lifo: 'none' })
    expect(await statusOf([made('REF-lifo', passes, { needs: { not: 'lifo:exact' } })], target)).toBe('refused')
    expect(await statusOf([made('REF-lifo', fails, { needs: { not: 'lifo:exact' } })], target)).toBe('broken')
    expect(await statusOf([made('LFO-90', passes)], target)).toBeUndefined()
  })
})

describe('conformant', () => {
  test('a core profile without failures is; claims that no case has proved keep a full one from it', async () => {
    const [core] = await reported({ profile: 'core' })
    expect(core.conformant).toBe(true)
    const isProved = Object.values(whole.claims).every(status => status !== 'unverified')
    expect(whole.conformant).toBe(isProved)
  })

  test('not with a failure, something blocked or unknown, a deviation, or anything left out', async () => {
    const knownDeviations = [{ case: 'ACK-01', reason: 'why not', issue: 'https://example.org', expires: '2100-01-01' }]
    const deviating = defineTarget({ ...bases.memory, knownDeviations })
    expect((await reported({ profile: 'core', target: deviating }))[0].conformant).toBe(false)
    for (const options of [{ only: ['ACK'] }, { skip: ['ACK'] }, { scale: 0.5 }]) {
      const [report] = await reported({ profile: 'core', ...options })
      expect(report).toMatchObject({ partial: true, conformant: false })
      expect(badgeOf(report)).toBeUndefined()
    }
  })
})

describe('files', () => {
  test('report, Markdown, JUnit, badge and histories; a partial run takes the badge away', async () => {
    const [failed, results] = await reported({ cases: [failing] })
    writeReport(folder, whole, [])
    expect(['report.json', 'report.md', 'junit.xml', 'badge.json'].map(name => existsSync(join(folder, name)))).toEqual(
      [true, true, true, true],
    )
    writeReport(folder, failed, results)
    expect(existsSync(join(folder, 'badge.json'))).toBe(false)
    const kept = JSON.parse(readFileSync(join(folder, 'report.json'), 'utf8')) as Report
    const history = gunzipSync(readFileSync(join(folder, kept.cases[0]?.history as string))).toString()
    const kinds = history
      .trimEnd()
      .split('\n')
      .map(line => (JSON.parse(line) as { kind: string }).kind)
    expect(kinds).toEqual(['publish', 'published', 'receipt'])
  })

  test('JUnit is well-formed, whatever a case says, and counts as the report does', async () => {
    const [report] = await reported({ cases: [failing, made('ACK-91', async it => it.blocked('no & server'))] })
    const xml = junitOf(report)
    expect(xml).toContain('<testsuites name="conformance" tests="2" failures="1" errors="0" skipped="1"')
    expect(xml).toContain('<skipped message="blocked: no &#38; server"/>')
    expect(xml).toContain('&#60;order&#62; &#34;wrong&#34; &#38; ? lost')
    // Every tag is closed, and nothing but tags begins with an angle bracket.
    const open: string[] = []
    for (const [, slash, name = '', end] of xml.matchAll(/<(\/?)([a-z]+)[^<>]*?(\/?)>/g)) {
      if (slash === '/') expect(open.pop()).toBe(name)
      else if (end !== '/') open.push(name)
    }
    expect(open).toEqual([])
    expect(xml.replace(/<\?xml[^>]*>/, '').match(/</g)?.length).toBe(xml.match(/<\/?[a-z]+[^<>]*>/g)?.length)
  })

  test('Markdown shows claims with their proofs, and what did not pass before what did', async () => {
    const [report] = await reported({ cases: [failing, made('LFO-90', async () => {}, { proves: ['lifo:exact'] })] })
    const text = markdownOf(report)
    expect(text).toContain('| `lifo:exact` | ✓ verified | LFO-90 |')
    expect(text.indexOf('## What did not pass')).toBeLessThan(text.indexOf('## Passed'))
    expect(text).toContain('lost \\| twice')
  })

  test('a badge says whether it conforms', () => {
    expect(badgeOf({ ...whole, conformant: true })).toMatchObject({ schemaVersion: 1, color: 'brightgreen' })
    expect(badgeOf({ ...whole, conformant: false })).toMatchObject({
      color: 'red',
      message: expect.stringMatching(/^not conformant/),
    })
  })
})

describe('the matrix', () => {
  test('has a row for each capability and a column for each report, and shows the worst of several claims', async () => {
    const [other] = await reported({ target: lesser({ lifo: 'none' }) })
    const claims = {
      ...whole.claims,
      'from:time': 'broken',
      'from:latest': 'verified',
      'delay:native': 'emulated',
    } as const
    const table = matrixOf([
      { ...whole, claims },
      { ...other, target: 'other' },
    ])
    const row = (name: string) => table.split('\n').find(line => line.startsWith(`| ${name} |`))
    expect(table.split('\n')[0]).toBe('|  | memory | other |')
    expect(row('`lifo`')).toBe('| `lifo` | exact ✓ | none – |')
    expect(row('`from`')).toMatch(/^\| `from` \| earliest, latest, time, id ✗ \|/)
    expect(row('`delay`')).toMatch(/native ≈/)
  })

  test('the command reads reports, and nothing else', async () => {
    const lines: string[] = []
    writeReport(folder, whole, [])
    expect(await run(['matrix', join(folder, 'report.json')], line => lines.push(line))).toBe(0)
    expect(lines.join('\n')).toBe(matrixOf([whole]))
    expect(await run(['matrix', join(import.meta.dirname, '../package.json')], line => lines.push(line))).toBe(3)
    expect(lines.at(-1)).toMatch(/is no report of this suite/)
    expect(await run(['matrix', join(folder, 'nowhere.json')], line => lines.push(line))).toBe(3)
    expect(lines.at(-1)).toMatch(/nowhere.json cannot be read as a report: ENOENT/)
    expect(await run(['matrix'], line => lines.push(line))).toBe(3)
  })
})
