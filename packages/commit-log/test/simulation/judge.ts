/** What becomes of a log with a defect in it: the source that `MUTANT` changes is loaded by the hooks that this is run with. */
import { crashEverywhere } from './crash-points.js'
import { runTakeovers } from './run-takeovers.js'
import { runTrials } from './run-trials.js'
import { traces } from './traces.js'
import { transplantEverything } from './transplants.js'

const TRIALS = 3000
const TAKEOVERS = 1500

const judges: Readonly<Record<string, () => Promise<unknown>>> = {
  transplants: transplantEverything,
  'crash points': async () => {
    for (const { name } of traces())
      await crashEverywhere(name, [{ after: 'process' }, { after: 'power', seed: 1 }], [])
  },
  takeovers: () => runTakeovers(1, TAKEOVERS),
  trials: () => runTrials(1, TRIALS),
}

process.on('uncaughtException', error => {
  process.stdout.write(`an error that nobody awaited: ${error.message}\n`)
  process.exit()
})

process.on('exit', code => {
  if (code !== 0) process.stdout.write('an answer that never came\n')
})

for (const [name, judge] of Object.entries(judges)) {
  try {
    await judge()
  } catch (error) {
    process.stdout.write(`${name}: ${error instanceof Error ? error.message : error}\n`)
    process.exit()
  }
}
process.stdout.write(
  process.env.MUTANT === undefined || process.env.MUTANT_LOADED === '1' ? 'survived\n' : 'not loaded\n',
)
