/** Finds every public export with its docstring, and every block of TypeScript in docstrings and READMEs. */
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import { publishedPackages, ROOT } from './published.ts'

/** A block of TypeScript in a text, and where it begins. */
export interface Example {
  readonly file: string
  readonly line: number
  readonly code: string
}

/** A name that a package exports, and what is written about it. */
export interface PublicExport {
  readonly entry: string
  readonly name: string
  readonly file: string
  readonly docstring: string | undefined
}

const here = (path: string) => relative(ROOT, path)
const sourceOf = (from: string, specifier: string) => join(dirname(from), specifier.replace(/\.js$/, '.ts'))

/** Every entry of every published package, as its source file. */
export function entries(): { readonly name: string; readonly file: string }[] {
  return publishedPackages().flatMap(({ folder, manifest }) =>
    Object.entries(manifest.exports).flatMap(([path, target]) => {
      const source = (target as { 'pluribus-source'?: string })['pluribus-source']
      return source === undefined ? [] : [{ name: join(manifest.name, path), file: join(folder, source) }]
    }),
  )
}

/** The names an entry exports, each with the file that declares it. */
export function exportsOf(entry: { readonly name: string; readonly file: string }): PublicExport[] {
  const text = readFileSync(entry.file, 'utf8')
  const lists = [...text.matchAll(/export (?:type )?\{([^}]*)\} from '(\.[^']+)'/g)]
  return lists.flatMap(([, names = '', specifier = '']) =>
    names
      .split(',')
      .map(name =>
        name
          .trim()
          .replace(/^type /, '')
          .split(' as '),
      )
      .filter(([declared]) => declared !== '')
      .map(renamed => ({
        entry: entry.name,
        name: renamed.at(-1) as string,
        ...declarationOf(renamed[0] as string, sourceOf(entry.file, specifier)),
      })),
  )
}

/** Follows re-exports to where a name is declared. */
function declarationOf(name: string, file: string): { readonly file: string; readonly docstring: string | undefined } {
  const text = readFileSync(file, 'utf8')
  const declared = new RegExp(
    `^export (?:declare )?(?:const|(?:async )?function|abstract class|class|interface|type) ${name}\\b`,
    'm',
  )
  const at = text.search(declared)
  if (at >= 0) return { file: here(file), docstring: docstringBefore(text, at) }
  const passedOn = new RegExp(`export (?:type )?\\{[^}]*\\b${name}\\b[^}]*\\} from '(\\.[^']+)'`).exec(text)
  if (passedOn === null) throw new Error(`${here(file)} is said to export ${name}, and does not.`)
  return declarationOf(name, sourceOf(file, passedOn[1] as string))
}

function docstringBefore(text: string, at: number): string | undefined {
  const before = text.slice(0, at).trimEnd()
  if (!before.endsWith('*/')) return undefined
  return before.slice(before.lastIndexOf('/**'))
}

/** Every block of TypeScript in the docstrings of a file, or in a README. */
export function examplesIn(path: string): Example[] {
  const lines = readFileSync(path, 'utf8').split('\n')
  const examples: Example[] = []
  let block: { line: number; code: string[] } | undefined
  for (const [index, line] of lines.entries()) {
    const text = path.endsWith('.ts') ? line.replace(/^\s*\* ?/, '') : line
    if (block === undefined && /^```ts\b/.test(text)) block = { line: index + 2, code: [] }
    else if (block !== undefined && /^```/.test(text)) {
      examples.push({ file: here(path), line: block.line, code: block.code.join('\n') })
      block = undefined
    } else block?.code.push(text)
  }
  return examples
}

/** The files whose examples must compile: published sources, and every README of the repository. */
export function documentedFiles(): string[] {
  const sources = publishedPackages().flatMap(({ folder }) =>
    readdirSync(join(folder, 'src'), { recursive: true, encoding: 'utf8' })
      .filter(name => name.endsWith('.ts'))
      .map(name => join(folder, 'src', name)),
  )
  const groups = ['packages', 'adapters', 'examples'].flatMap(group =>
    readdirSync(join(ROOT, group)).map(name => `${group}/${name}`),
  )
  const readmes = ['.', 'conformance-tests', ...groups]
    .map(folder => join(ROOT, folder, 'README.md'))
    .filter(existsSync)
  return [...sources, ...readmes]
}
