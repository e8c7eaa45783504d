import { execFileSync } from 'node:child_process'
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { publint } from 'publint'
import { formatMessage } from 'publint/utils'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { publishedPackages, ROOT } from '../published.ts'

const packages = publishedPackages()
const folder = mkdtempSync(join(tmpdir(), 'pluribus-packages-'))
const tarballs = new Map<string, string>()

// The tests run on the toolchain's Node; what is published must run on the oldest one supported, which may be the machine's.
const npm = (args: readonly string[], cwd: string) => execFileSync('npm', args, { cwd, encoding: 'utf8' })

beforeAll(() => {
  for (const { folder: source, manifest } of packages) {
    const before = new Set(readdirSync(folder))
    npm(['pack', '--silent', '--pack-destination', folder], source)
    const made = readdirSync(folder).find(name => !before.has(name))
    if (made === undefined) throw new Error(`npm pack made nothing for ${manifest.name}.`)
    tarballs.set(manifest.name, join(folder, made))
  }
}, 120_000)

afterAll(() => rmSync(folder, { recursive: true, force: true }))

describe.each(packages)('$manifest.name', ({ folder: source, manifest }) => {
  test('publint finds nothing in what is packed', async () => {
    const { messages, pkg } = await publint({ pkgDir: source, strict: true, pack: 'npm' })
    expect(messages.map(message => formatMessage(message, pkg))).toEqual([])
  })

  test('its types resolve from every kind of importer that can load ES modules', () => {
    const args = [
      '--no-install',
      'attw',
      tarballs.get(manifest.name) as string,
      '--profile',
      'esm-only',
      '--format',
      'json',
    ]
    const { analysis } = JSON.parse(execFileSync('npx', args, { cwd: ROOT, encoding: 'utf8' }))
    const problems = Object.values(analysis.problems as { resolutionKind?: string; kind: string }[]).filter(
      ({ kind, resolutionKind }) =>
        resolutionKind !== 'node10' && resolutionKind !== 'node16-cjs' && kind !== 'CJSResolvesToESM',
    )
    expect(problems).toEqual([])
  })
})

test('the tarballs alone run in an empty folder', () => {
  const project = mkdtempSync(join(folder, 'project-'))
  writeFileSync(join(project, 'package.json'), JSON.stringify({ private: true, type: 'module' }))
  // What they depend on need not be in npm's cache: an install by a lock file leaves only some of it there.
  npm(['install', '--prefer-offline', '--ignore-scripts', '--no-audit', '--no-fund', ...tarballs.values()], project)
  writeFileSync(
    join(project, 'main.js'),
    `import { createBroker, topic } from '@pluribus/core'
     const greeted = topic('people.greeted')
     for (const adapter of ['memory:', 'file:./data']) {
       const broker = await createBroker({ adapter })
       const handled = new Promise(resolve => broker.subscribe(greeted.subscription('log'), message => resolve(message.data)))
       await broker.publish(greeted, { name: 'Ada' })
       console.log((await handled).name, broker.capabilities.durability)
       await broker.close()
     }`,
  )
  expect(execFileSync('node', ['main.js'], { cwd: project, encoding: 'utf8' })).toBe('Ada memory\nAda disk\n')
}, 60_000)
