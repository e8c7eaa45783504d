/**
 * How much of the queue and of the engine's policy the conformance suite pins down: changes the sources in one place at a
 * time and runs the suite on memory. `npm run mutation`, or a part of it: `-- --files packages/queue/src/trouble.ts`,
 * `-- --sample 200 --seed 7`. With `--report <file>` the score and every survivor as Markdown.
 */
import { globSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { seededRandom } from '@pluribus/core/testing'
import { ROOT } from '../published.ts'
import { type Mutant, mutantsOf } from './mutants.ts'
import { reportOf } from './report.ts'
import { type Fate, judge, judgeAll } from './run-mutant.ts'

const FILES = ['packages/queue/src/*.ts', 'packages/core/src/engine/consuming/*.ts']

const { values } = parseArgs({
  options: {
    files: { type: 'string', multiple: true, default: FILES },
    sample: { type: 'string' },
    seed: { type: 'string', default: '1' },
    jobs: { type: 'string', default: '2' },
    report: { type: 'string' },
  },
})

const files = values.files.flatMap(pattern => globSync(pattern, { cwd: ROOT })).sort()
const all = files.flatMap(file => mutantsOf(file, readFileSync(join(ROOT, file), 'utf8')))
const mutants = values.sample === undefined ? all : sampleOf(all, Number(values.sample), Number(values.seed))
const start = performance.now()
const unchanged = await judge(undefined, 300_000)
if (unchanged !== 'survived') throw new Error(`The suite does not pass without a mutant: ${unchanged}`)
const alone = performance.now() - start
say(`${mutants.length} of ${all.length} mutants of ${files.length} files; the suite takes ${Math.round(alone)} ms.\n`)
const fates = await judgeAll(mutants, { jobs: Number(values.jobs), limit: 4 * alone + 10_000, onFate: tell })
const report = reportOf(fates)
if (values.report !== undefined) writeFileSync(values.report, report)
say(`\n${report}`)

function tell({ mutant, isKilled, by }: Fate, done: number): void {
  if (!isKilled) say(`survived: ${mutant.file}:${mutant.line} ${mutant.change}\n`)
  else if (done % 50 === 0) say(`${done} of ${mutants.length}, the last one killed by ${by.slice(0, 100)}\n`)
}

function say(text: string): void {
  process.stdout.write(text)
}

/** Some of the mutants, the same ones for the same seed. */
function sampleOf(from: readonly Mutant[], count: number, seed: number): readonly Mutant[] {
  const random = seededRandom(seed)
  return from
    .map(mutant => ({ mutant, rank: random() }))
    .sort((a, b) => a.rank - b.rank)
    .slice(0, count)
    .map(({ mutant }) => mutant)
}
