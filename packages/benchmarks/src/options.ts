import { parseArgs } from 'node:util'
import { SCENARIOS } from './scenarios/index.ts'

/** The command line. */
export interface Options {
  readonly broker: string
  readonly rounds: number
  readonly quick: boolean
  /** Names of scenarios; all where none is given. */
  readonly only: readonly string[]
  readonly subjects: readonly string[]
  readonly json: string | undefined
  /** Files that earlier runs have written with `--json`: their samples join the report. */
  readonly add: readonly string[]
  readonly write: boolean
  readonly profile: string | undefined
}

export const USAGE = `npm run bench -- --broker memory [options]

  --broker <name>      the folder of subjects: memory, file, redis, nats; redis and nats run on servers of their own
  --only <scenario>    measure this one; may be repeated, or a list with commas
  --subject <name>     measure this one; may be repeated, or a list with commas
  --rounds <n>         measurements of each, interleaved; default 5 in memory, elsewhere 3
  --quick              shorter and smaller, 2 rounds: to see that it works, not to quote
  --json <file>        write every sample
  --add <file>         report the samples of an earlier run too, which --json has written; may be repeated
  --write              rewrite the generated part of packages/benchmarks/README.md
  --profile <scenario> where the time goes, of ours or of --subject

scenarios: ${SCENARIOS.map(({ name }) => name).join(', ')};
only when asked for: ${SCENARIOS.filter(({ byNameOnly }) => byNameOnly)
  .map(({ name }) => name)
  .join(', ')}`

export function readOptions(args: readonly string[]): Options | undefined {
  const { values } = parseArgs({
    args: [...args],
    options: {
      broker: { type: 'string', default: 'memory' },
      only: { type: 'string', multiple: true, default: [] },
      subject: { type: 'string', multiple: true, default: [] },
      rounds: { type: 'string' },
      quick: { type: 'boolean', default: false },
      json: { type: 'string' },
      add: { type: 'string', multiple: true, default: [] },
      write: { type: 'boolean', default: false },
      profile: { type: 'string' },
      help: { type: 'boolean', default: false },
    },
  })
  if (values.help) return undefined
  const rounds = Number(values.rounds ?? roundsOf(values.broker, values.quick))
  if (!Number.isInteger(rounds) || rounds < 1) throw new Error(`--rounds ${values.rounds}: a whole number from 1.`)
  const only = values.only.flatMap(list => list.split(','))
  for (const name of values.profile === undefined ? only : [values.profile]) checkScenario(name)
  const { broker, quick, json, add, write, profile } = values
  return {
    broker,
    rounds,
    quick,
    only,
    subjects: values.subject.flatMap(list => list.split(',')),
    json,
    add,
    write,
    profile,
  }
}

/** On a server, or a disk, each measurement takes longer, and there are more of them. */
function roundsOf(broker: string, quick: boolean): number {
  if (quick) return 2
  return broker === 'memory' ? 5 : 3
}

function checkScenario(name: string): void {
  if (SCENARIOS.some(scenario => scenario.name === name)) return
  throw new Error(`No scenario is called ${name}. There are: ${SCENARIOS.map(scenario => scenario.name).join(', ')}.`)
}
