/**
 * Trials of the log on a simulated disk: `npm run simulate -- --seeds 100000`, `--from 1`, or `--seed 7` for one; with `--takeovers`, of writers
 * that replace one another.
 */
import { parseArgs } from 'node:util'
import { runTakeovers } from './run-takeovers.js'
import { runTrials, type Totals } from './run-trials.js'

const BETWEEN_LINES = 2000

const { values } = parseArgs({
  options: {
    seeds: { type: 'string' },
    from: { type: 'string' },
    seed: { type: 'string' },
    takeovers: { type: 'boolean' },
  },
})
const from = Number(values.seed ?? values.from ?? 1)
const count = values.seed === undefined ? Number(values.seeds ?? 20_000) : 1
if (!Number.isSafeInteger(from) || !Number.isSafeInteger(count))
  throw new Error('--seeds, --from and --seed are numbers.')

if (values.takeovers) {
  process.stdout.write(`${JSON.stringify(await runTakeovers(from, count))}: no two acknowledged, nothing was lost\n`)
  process.exit()
}

const begun = performance.now()
let shown = begun
const line = ({ trials, calls, records, crashes, repairs }: Totals) => {
  const seconds = Math.round((performance.now() - begun) / 1000)
  const figures = { trials, records, 'calls of the disk': calls, crashes, repairs, seconds }
  return Object.entries(figures)
    .map(([name, value]) => `${value.toLocaleString('en')} ${name}`)
    .join(', ')
}

const totals = await runTrials(from, count, progress => {
  if (performance.now() - shown < BETWEEN_LINES) return
  shown = performance.now()
  process.stderr.write(`${line(progress)}\n`)
})
process.stdout.write(`${line(totals)}: nothing lost, invented, altered or out of order\n`)
