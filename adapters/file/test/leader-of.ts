import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'

/** The number of the process that leads a folder, or led it last: what its newest lock says. */
export async function leaderOf(dir: string): Promise<number | undefined> {
  const leaders = join(dir, 'leaders')
  const newest = (await readdir(leaders))
    .filter(name => name.startsWith('lock.'))
    .sort()
    .at(-1)
  if (newest === undefined) return undefined
  const { pid } = JSON.parse(await readFile(join(leaders, newest), 'utf8')) as { readonly pid: number }
  return pid
}
