import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

/** The repository's root folder. */
export const ROOT = dirname(dirname(fileURLToPath(import.meta.url)))

/** A workspace that is published, and what its package.json says. */
export interface Published {
  readonly folder: string
  readonly manifest: { readonly name: string; readonly exports: Readonly<Record<string, unknown>> }
}

/** Every workspace that is not private, in the order of its folders. */
export function publishedPackages(): Published[] {
  const folders = ['packages', 'adapters', '.'].flatMap(group =>
    group === '.' ? ['conformance-tests'] : readdirSync(join(ROOT, group)).map(name => `${group}/${name}`),
  )
  return folders.flatMap(folder => {
    const manifest = readManifest(join(ROOT, folder))
    return manifest === undefined || manifest.private === true ? [] : [{ folder: join(ROOT, folder), manifest }]
  })
}

function readManifest(folder: string): (Published['manifest'] & { readonly private?: boolean }) | undefined {
  try {
    return JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'))
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw error
  }
}
