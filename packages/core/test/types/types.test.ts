import { execFile } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'

const here = (path: string) => fileURLToPath(new URL(path, import.meta.url))
const compiler = here('../../../../node_modules/.bin/tsc')

/** What the compiler says about the files of this folder: `file:line`, in order. */
const compile = () =>
  new Promise<readonly { readonly file: string; readonly line: number; readonly text: string }[]>((resolve, reject) => {
    execFile(compiler, ['--project', here('./tsconfig.json'), '--pretty', 'false'], { cwd: here('.') }, (_, stdout) => {
      const lines = stdout.split('\n').filter(line => /^\S.*: error TS/.test(line))
      const found = lines.map(text => {
        const [, file, line] = /^(?:.*\/)?([^/(]+)\((\d+),\d+\): error/.exec(text) ?? []
        if (file === undefined) reject(new Error(`The compiler says something else: ${text}`))
        return { file: file ?? '', line: Number(line), text }
      })
      resolve(found)
    })
  })

const compiled = compile()
const source = (file: string) => readFileSync(here(`./${file}`), 'utf8').split('\n')

describe('types', () => {
  it('let every right usage through', async () => {
    const errors = (await compiled).filter(({ file }) => file !== 'wrong.ts')
    expect(errors.map(({ text }) => text)).toEqual([])
    expect(source('right.ts').filter(line => /^\/\/ \d+\. /.test(line)).length).toBeGreaterThanOrEqual(20)
  })

  it('refuse every wrong usage, each on its own line, and nothing else', async () => {
    const lines = source('wrong.ts')
    const marked = lines.flatMap((line, index) => (/ \/\/ wrong: \S/.test(line) ? [index + 1] : []))
    const erring = [...new Set((await compiled).filter(({ file }) => file === 'wrong.ts').map(({ line }) => line))]
    const show = (numbers: readonly number[]) => numbers.map(number => `${number}: ${lines[number - 1]}`)
    expect(show(erring.sort((a, b) => a - b))).toEqual(show(marked))
    expect(marked.length).toBeGreaterThanOrEqual(20)
  })
})
