/**
 * Puts files into the README between `<!-- example: path -->` and `<!-- /example -->`, so that what it shows is what runs.
 * `node scripts/readme-examples.ts` writes; the tests fail when it would.
 */
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { ROOT } from './published.ts'

const README = join(ROOT, 'README.md')
const BLOCK = /(<!-- example: (\S+) -->\n```ts\n)[\s\S]*?(```\n<!-- \/example -->)/g

/** The README as it is, and as it should be. */
export function readme(): { readonly now: string; readonly wanted: string } {
  const now = readFileSync(README, 'utf8')
  const wanted = now.replace(
    BLOCK,
    (_, open: string, path: string, close: string) => open + readFileSync(join(ROOT, path), 'utf8') + close,
  )
  return { now, wanted }
}

if (import.meta.main) writeFileSync(README, readme().wanted)
