import { execFileSync, spawnSync } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'

const ROOT = join(import.meta.dirname, '../..')
const folder = mkdtempSync(join(tmpdir(), 'pluribus-packed-'))
const project = mkdtempSync(join(folder, 'project-'))
const README = readFileSync(join(ROOT, 'conformance-tests/README.md'), 'utf8')
/** The modules that the README tells its reader to write. */
const [target = '', module = ''] = README.match(/(?<=```js\n)[\s\S]*?(?=```)/g) ?? []

// npm and node are the machine's: what is published must run on the oldest Node that is supported.
const npm = (args: readonly string[], cwd: string) => execFileSync('npm', args, { cwd, encoding: 'utf8' })
const command = (...args: readonly string[]) => {
  const bin = join(project, 'node_modules/.bin/pluribus-conformance')
  const { status, stdout, stderr } = spawnSync(bin, args, { cwd: project, encoding: 'utf8' })
  return { status, stderr, lines: stdout.trimEnd().split('\n') }
}

beforeAll(() => {
  for (const path of ['packages/core', 'packages/queue', 'adapters/memory', 'conformance-tests']) {
    npm(['pack', '--silent', '--pack-destination', folder], join(ROOT, path))
  }
  const tarballs = readdirSync(folder).filter(name => name.endsWith('.tgz'))
  writeFileSync(join(project, 'package.json'), JSON.stringify({ private: true, type: 'module' }))
  const install = ['install', '--offline', '--ignore-scripts', '--no-audit', '--no-fund']
  npm([...install, ...tarballs.map(name => join(folder, name))], project)
  writeFileSync(join(project, 'target.js'), target)
}, 120_000)

afterAll(() => rmSync(folder, { recursive: true, force: true }))

describe('the tarballs alone, in an empty folder, with the target of the README', () => {
  test('run the core profile', () => {
    const { status, stderr, lines } = command('./target.js', '--profile', 'core', '--report', 'out')
    expect([stderr, lines.at(-1)]).toEqual(['', expect.stringMatching(/^\d\d+ passed, 0 failed, \d+ skipped$/)])
    expect(status).toBe(0)
    expect(JSON.parse(readFileSync(join(project, 'out/report.json'), 'utf8'))).toMatchObject({
      conformant: true,
      suite: { version: '0.0.0' },
    })
    expect(command('matrix', 'out/report.json').lines[0]).toBe('|  | memory |')
  }, 60_000)

  test('say what cannot be run', () => {
    writeFileSync(join(project, 'target.txt'), 'export default {}')
    const { status, lines } = command('./target.txt')
    expect([status, lines[0]]).toEqual([3, expect.stringMatching(/is nothing that Node \S+ runs: compile it/)])
  })

  test('run under node:test', () => {
    const onlySome = module.replace('/vitest', '/node-test').replace('(target)', "(target, { only: ['ACK'] })")
    writeFileSync(join(project, 'conformance.test.js'), onlySome)
    const { stdout } = spawnSync('node', ['--test', '--test-reporter', 'tap', 'conformance.test.js'], {
      cwd: project,
      encoding: 'utf8',
    })
    expect(stdout).toMatch(/ok 1 - ACK-01 /)
    expect(stdout).toMatch(/# fail 0/)
  }, 60_000)

  test('need nothing else: no dependency of ours is missing, and none is too many', () => {
    expect(readdirSync(join(project, 'node_modules')).filter(name => !name.startsWith('.'))).toEqual(['@pluribus'])
  })
})
