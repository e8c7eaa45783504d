/**
 * How much of the queue and of the engine's policy the conformance suite pins down: changes the sources in one place at a
 * time and runs the suite on memory, and where that passes the package's own tests. `npm run mutation`, or a part of it:
 * `-- --files packages/queue/src/trouble.ts`, `-- --sample 200 --seed 7`. With `--report <file>` the scores and every survivor as
 * Markdown; with `--log <file>` what has been judged is kept there, and not judged again.
 */
import { globSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { seededRandom } from '@pluribus/core/testing'
import { ROOT } from '../published.ts'
import { FateLog } from './fate-log.ts'
import { SURVIVED } from './judge-words.ts'
import { type Mutant, mutantsOf } from './mutants.ts'
import { judgeByOwnTests } from './own-tests.ts'
import { reportOf } from './report.ts'
import { type Fate, judgeAll, judgeBySuite, type Limits } from './run-mutant.ts'

const FILES = ['packages/queue/src/*.ts', 'packages/core/src/engine/consuming/*.ts']

/** Milliseconds within which unchanged sources must have passed. */
const PATIENCE = 300_000

const { values } = parseArgs({
  options: {
    files: { type: 'string', multiple: true, default: FILES },
    sample: { type: 'string' },
    seed: { type: 'string', default: '1' },
    jobs: { type: 'string', default: '2' },
    report: { type: 'string' },
    log: { type: 'string' },
  },
})

const files = values.files.flatMap(pattern => globSync(pattern, { cwd: ROOT })).sort()
const all = files.flatMap(file => mutantsOf(file, readFileSync(join(ROOT, file), 'utf8')))
const mutants = values.sample === undefined ? all : sampleOf(all, Number(values.sample), Number(values.seed))
const log = new FateLog(values.log)
const known = mutants.flatMap(mutant => log.of(mutant) ?? [])
const left = mutants.filter(mutant => log.of(mutant) === undefined)
say(`${mutants.length} of ${all.length} mutants of ${files.length} files; ${known.length} are known already.\n`)
const judged =
  left.length === 0 ? [] : await judgeAll(left, { jobs: Number(values.jobs), limits: await limits(), onFate })
const report = reportOf([...known, ...judged])
if (values.report !== undefined) writeFileSync(values.report, report)
say(`\n${report}`)

/** The unchanged sources pass; what takes four times as long, and some, does not end. */
async function limits(): Promise<Limits> {
  const suite = await timeOf(() => judgeBySuite(undefined, PATIENCE))
  const packages = [...new Set(files.map(file => file.split('/').slice(0, 2).join('/')))]
  const times: number[] = []
  for (const folder of packages) times.push(await timeOf(() => judgeByOwnTests(undefined, `${folder}/`, PATIENCE)))
  const ownTests = Math.max(...times)
  say(`Unchanged, the suite takes ${Math.round(suite)} ms, and own tests up to ${Math.round(ownTests)} ms.\n`)
  return { suite: 4 * suite + 10_000, ownTests: 4 * ownTests + 10_000 }
}

async function timeOf(judge: () => Promise<string>): Promise<number> {
  const start = performance.now()
  const verdict = await judge()
  if (verdict !== SURVIVED) throw new Error(`It does not pass without a mutant: ${verdict}`)
  return performance.now() - start
}

function onFate(fate: Fate, done: number): void {
  log.add(fate)
  const { mutant, killedBy, by } = fate
  if (killedBy === 'nobody') say(`survived: ${mutant.file}:${mutant.line} ${mutant.change}\n`)
  else if (done % 50 === 0) say(`${done} of ${left.length}, the last one killed by ${by.slice(0, 100)}\n`)
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
