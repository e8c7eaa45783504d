import { spawnSync } from 'node:child_process'
import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { beforeAll, expect, test } from 'vitest'
import { documentedFiles, entries, examplesIn, exportsOf } from '../doc-examples.ts'
import { ROOT } from '../published.ts'

const tsc = join(dirname(createRequire(import.meta.url).resolve('typescript/package.json')), 'bin/tsc')
// Inside the repository, so that the examples' imports resolve as a user's would.
const folder = join(ROOT, 'node_modules/.cache/doc-examples')
const examples = documentedFiles().flatMap(examplesIn)
let output = ''

beforeAll(() => {
  rmSync(folder, { recursive: true, force: true })
  mkdirSync(folder, { recursive: true })
  for (const [index, { code }] of examples.entries()) writeFileSync(join(folder, `${index}.ts`), `${code}\nexport {}\n`)
  const compilerOptions = {
    noUnusedLocals: false,
    noUnusedParameters: false,
    typeRoots: [join(ROOT, 'node_modules/@types')],
  }
  const config = { extends: join(ROOT, 'tsconfig.json'), compilerOptions, include: ['*.ts'], exclude: [] }
  writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify(config))
  output = spawnSync(process.execPath, [tsc, '--project', folder, '--pretty', 'false'], { encoding: 'utf8' }).stdout
}, 60_000)

test('every example in a docstring or README compiles', () => {
  expect(examples.length).toBeGreaterThan(100)
  const erring = [...output.matchAll(/(?:^|\/)(\d+)\.ts\((\d+),\d+\): error (.*)/gm)].map(
    ([, index, line, message]) => {
      const example = examples[Number(index)]
      return `${example?.file}:${(example?.line ?? 0) + Number(line) - 1}: ${message}`
    },
  )
  expect(erring).toEqual([])
})

test('every public export has a docstring with a summary and an example', () => {
  const all = entries().flatMap(exportsOf)
  expect(all.length).toBeGreaterThan(100)
  const poor = all.flatMap(({ entry, name, file, docstring }) => {
    if (docstring === undefined || /^\/\*\*\s*(@|\*\/)/.test(docstring))
      return [`${entry} ${name} (${file}): no docstring`]
    return docstring.includes('@example') && docstring.includes('```ts')
      ? []
      : [`${entry} ${name} (${file}): no example`]
  })
  expect([...new Set(poor)]).toEqual([])
})
