import type { Fate } from './run-mutant.ts'

const percent = (killed: number, of: number): string => `${((100 * killed) / of).toFixed(1)} %`

/** Scores by file, and every survivor. */
export function reportOf(fates: readonly Fate[]): string {
  const files = [...new Set(fates.map(({ mutant }) => mutant.file))].sort()
  const survivors = fates
    .filter(({ killedBy }) => killedBy === 'nobody')
    .sort((a, b) => a.mutant.file.localeCompare(b.mutant.file) || a.mutant.line - b.mutant.line)
    .map(({ mutant: { file, line, change } }) => `- ${file}:${line} ${change}`)
  return [
    '| file | mutants | killed by the suite | score | killed by its own tests only | survived | score of both |',
    '| --- | ---: | ---: | ---: | ---: | ---: | ---: |',
    ...files.map(file =>
      rowOf(
        file,
        fates.filter(({ mutant }) => mutant.file === file),
      ),
    ),
    rowOf('all', fates),
    '',
    ...survivors,
    '',
  ].join('\n')
}

function rowOf(name: string, fates: readonly Fate[]): string {
  const countOf = (killer: Fate['killedBy']) => fates.filter(({ killedBy }) => killedBy === killer).length
  const [suite, own, nobody] = [countOf('suite'), countOf('own tests'), countOf('nobody')]
  const scores = [percent(suite, fates.length), percent(suite + own, fates.length)]
  return `| ${name} | ${fates.length} | ${suite} | ${scores[0]} | ${own} | ${nobody} | ${scores[1]} |`
}
