import { readFileSync, writeFileSync } from 'node:fs'

/** Writes the version of core's manifest into the source that tells it at run time. */
const core = new URL('../packages/core/', import.meta.url)
const { version } = JSON.parse(readFileSync(new URL('package.json', core), 'utf8')) as { readonly version: string }
const source = new URL('src/version.ts', core)
const text = readFileSync(source, 'utf8')
const stamped = text.replace(/(VERSION = )'[^']*'/, `$1'${version}'`)
if (!stamped.includes(`'${version}'`)) throw new Error(`${source.pathname} has no VERSION to write ${version} into.`)
writeFileSync(source, stamped)
