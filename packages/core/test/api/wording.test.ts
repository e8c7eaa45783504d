import { readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'

const root = fileURLToPath(new URL('../../../../', import.meta.url))
const SKIPPED = new Set(['node_modules', 'dist', 'test', '.git', '.turbo', '.cache'])

function* texts(folder: string): Generator<string> {
  for (const name of readdirSync(folder)) {
    if (SKIPPED.has(name)) continue
    const path = join(folder, name)
    if (statSync(path).isDirectory()) yield* texts(path)
    else if (/\.(ts|md)$/.test(name)) yield path
  }
}

describe('guarantee 2: at least once, and nothing else is promised', () => {
  it('the words "exactly once" stand nowhere but in a negation', () => {
    const files = ['packages', 'adapters', 'examples', 'scripts'].flatMap(folder => [...texts(join(root, folder))])
    expect(files.length).toBeGreaterThan(100)
    const claims = [...files, join(root, 'README.md')].flatMap(file =>
      readFileSync(file, 'utf8')
        .split('\n')
        .filter(line => /exactly[\s-]once/i.test(line) && !/\b(no|not|never|nobody|nowhere|cannot)\b/i.test(line))
        .map(line => `${file.slice(root.length)}: ${line.trim()}`),
    )
    expect(claims).toEqual([])
  })
})
