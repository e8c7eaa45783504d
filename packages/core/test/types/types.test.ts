import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { beforeAll, describe, expect, test } from 'vitest'

const folder = dirname(fileURLToPath(import.meta.url))
const tsc = join(dirname(createRequire(import.meta.url).resolve('typescript/package.json')), 'bin/tsc')
const linesOf = (file: string) => readFileSync(join(folder, file), 'utf8').split('\n')

/** The lines of each file that do not compile. */
const erring = new Map<string, Set<number>>()
let output = ''

beforeAll(() => {
  const { stdout } = spawnSync(process.execPath, [tsc, '--project', folder, '--pretty', 'false'], { encoding: 'utf8' })
  output = stdout
  for (const [, file = '', line] of stdout.matchAll(/^(\S+?)\((\d+),\d+\): error/gm)) {
    const name = file.split('/').at(-1) ?? file
    erring.set(name, (erring.get(name) ?? new Set()).add(Number(line)))
  }
}, 60_000)

describe('types', () => {
  test('right usages compile', () => {
    expect(output.split('\n').filter(line => line.includes('right.ts'))).toEqual([])
    expect(linesOf('right.ts').filter(line => /^\/\/ \d+/.test(line)).length).toBeGreaterThan(10)
  })

  test('wrong usages do not, each on its own line', () => {
    const marked = linesOf('wrong.ts').flatMap((line, index) => (line.includes('// wrong: ') ? [index + 1] : []))
    expect(marked.length).toBeGreaterThanOrEqual(20)
    expect([...(erring.get('wrong.ts') ?? [])].sort((a, b) => a - b)).toEqual(marked)
  })
})
