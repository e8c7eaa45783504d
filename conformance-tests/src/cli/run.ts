import type { CaseResult } from '../engine/result.js'
import { Suite } from '../engine/suite.js'
import { countsAs, type Verdict } from '../engine/verdict.js'
import { failureText } from '../report/failure-text.js'
import { reportOf } from '../report/report.js'
import { writeReport } from '../report/write-report.js'
import { TargetError } from '../target/target-error.js'
import { loadTarget } from './load-target.js'
import { matrixCommand } from './matrix.js'
import { type CliOptions, readOptions, USAGE, UsageError } from './options.js'

const HINT = 'pluribus-conformance --help says what is legal.'

const SIGNS: Readonly<Record<Verdict, string>> = {
  passed: '✓',
  failed: '✗',
  refused: '⊘',
  skipped: '-',
  blocked: '▢',
  unknown: '?',
  deviation: '~',
  'stale-deviation': '✗',
  flaky: '✗',
}

/** Runs the command; answers its exit code. */
export async function run(args: readonly string[], print: (line: string) => void): Promise<number> {
  try {
    if (args[0] === 'matrix') return matrixCommand(args.slice(1), print)
    const options = readOptions(args)
    if (options === undefined) print(USAGE)
    return options === undefined ? 0 : await runSuite(options, print)
  } catch (error) {
    if (!(error instanceof UsageError || error instanceof TargetError)) throw error
    const more = error instanceof UsageError ? HINT : error.cause instanceof Error ? error.cause.stack : undefined
    print(more === undefined ? error.message : `${error.message}\n\n${more}`)
    return 3
  }
}

async function runSuite(options: CliOptions, print: (line: string) => void): Promise<number> {
  const suite = await Suite.prepare(await loadTarget(options.target), options.suite)
  try {
    const { server, target, seed, planned } = suite
    const about = `${target.name} on ${server.product} ${server.version}`
    print(`${about}: ${planned.length} cases, profile ${options.suite.profile}, seed ${seed}`)
    if (options.list) return list(suite, print)
    const results = await runCases(suite, options, print)
    if (options.report !== undefined) {
      writeReport(options.report, reportOf(suite, results, new Date()), results)
      print(`\nReport: ${options.report}`)
    }
    return conclude(results, options, print)
  } finally {
    await suite.close()
  }
}

function list({ planned }: Suite, print: (line: string) => void): number {
  for (const { case: one, settled } of planned) {
    const why = settled === undefined ? '' : ` (${settled.verdict}: ${settled.reason})`
    print(`${one.id} ${one.title}${why}`)
  }
  return 0
}

function runCases(suite: Suite, options: CliOptions, print: (line: string) => void): Promise<readonly CaseResult[]> {
  const total = String(suite.planned.length)
  let done = 0
  return suite.runAll(result => {
    print(`${String(++done).padStart(total.length)}/${total} ${progressLine(result)}`)
    if (countsAs(result.verdict) !== 'failed') return
    print(`\n${failureText(result, replayOf(options, result, suite.seed))}\n`)
  })
}

function progressLine({ case: one, verdict, reason, duration }: CaseResult): string {
  const why =
    verdict === 'passed'
      ? `(${Math.round(duration)} ms)`
      : `${verdict}${countsAs(verdict) === 'skipped' ? `: ${reason?.split('\n', 1)[0]}` : ''}`
  return `${SIGNS[verdict]} ${one.id} ${one.title} ${why}`
}

/** The command that shows a failure again. A flaky one needs its repetitions. */
function replayOf({ target, suite }: CliOptions, { case: one }: CaseResult, seed: number): string {
  const repeat = suite.repeat === undefined ? '' : ` --repeat ${suite.repeat}`
  const scale = suite.scale === undefined ? '' : ` --scale ${suite.scale}`
  return `pluribus-conformance ${target} --only ${one.id} --seed ${seed}${repeat}${scale}`
}

function conclude(results: readonly CaseResult[], options: CliOptions, print: (line: string) => void): number {
  const count = (kind: ReturnType<typeof countsAs>) =>
    results.filter(({ verdict }) => countsAs(verdict) === kind).length
  const kinds = new Map<Verdict, number>()
  for (const { verdict } of results) kinds.set(verdict, (kinds.get(verdict) ?? 0) + 1)
  print(`\n${[...kinds].map(([verdict, number]) => `${number} ${verdict}`).join(' · ')}`)
  const open = (['blocked', 'unknown', 'deviation'] as const).reduce(
    (sum, verdict) => sum + (kinds.get(verdict) ?? 0),
    0,
  )
  if (open > 0 && !options.allowBlocked)
    print(`${open} could not be shown, or are known to fail: the run does not count as passed (--allow-blocked).`)
  print(`${count('passed')} passed, ${count('failed')} failed, ${count('skipped')} skipped`)
  if (count('failed') > 0 || count('passed') === 0) return 1
  return open > 0 && !options.allowBlocked ? 2 : 0
}
