import { readFileSync, writeFileSync } from 'node:fs'

const README = new URL('../../README.md', import.meta.url)

/** Replaces what stands between the markers of a broker, and nothing else. */
export function writeReadme(broker: string, report: string): void {
  const begin = `<!-- begin generated: ${broker} -->`
  const end = `<!-- end generated: ${broker} -->`
  const before = readFileSync(README, 'utf8')
  const from = before.indexOf(begin)
  const to = before.indexOf(end)
  if (from < 0 || to < from) throw new Error(`README.md has no "${begin}" followed by "${end}".`)
  writeFileSync(README, `${before.slice(0, from + begin.length)}\n\n${report}\n\n${before.slice(to)}`)
}
