import type { Fate } from './run-mutant.ts'

const percent = (killed: number, of: number): string => `${((100 * killed) / of).toFixed(1)} %`

/** Score by file, and every survivor. */
export function reportOf(fates: readonly Fate[]): string {
  const files = [...new Set(fates.map(({ mutant }) => mutant.file))].sort()
  const rows = files.map(file => {
    const own = fates.filter(({ mutant }) => mutant.file === file)
    const killed = own.filter(({ isKilled }) => isKilled).length
    return `| ${file} | ${own.length} | ${killed} | ${percent(killed, own.length)} |`
  })
  const killed = fates.filter(({ isKilled }) => isKilled).length
  const survivors = fates
    .filter(({ isKilled }) => !isKilled)
    .sort((a, b) => a.mutant.file.localeCompare(b.mutant.file) || a.mutant.line - b.mutant.line)
    .map(({ mutant: { file, line, change } }) => `- ${file}:${line} ${change}`)
  return [
    '| file | mutants | killed | score |',
    '| --- | ---: | ---: | ---: |',
    ...rows,
    `| all | ${fates.length} | ${killed} | ${percent(killed, fates.length)} |`,
    '',
    ...survivors,
    '',
  ].join('\n')
}
