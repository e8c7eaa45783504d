import { type ParseArgsConfig, parseArgs } from 'node:util'
import type { SuiteOptions } from '../engine/suite.js'

/** What the command line asks for. */
export interface CliOptions {
  readonly target: string
  readonly suite: SuiteOptions
  /** Blocked and unknown cases, and known deviations, do not fail the run. */
  readonly allowBlocked: boolean
  readonly list: boolean
  /** The folder for reports. */
  readonly report: string | undefined
}

export const USAGE = `pluribus-conformance <target module> [options]
pluribus-conformance matrix <report.json>… [--out MATRIX.md]

  --profile core|full   what an adapter has to do, or all there is (default: full)
  --only ACK,LSE-03     these groups and cases alone; --skip leaves some out
  --seed 42             of every random choice (default: 1)
  --repeat 20           run every case so often; differing ends are flaky
  --shuffle             in an order that the seed decides, another one in each repetition
  --parallel 2          how many cases run at once
  --scale 0.1           how large the cases are
  --slow 3              how much longer everything may take
  --report out/         report.json, report.md, junit.xml, badge.json and histories go there
  --allow-blocked       blocked cases, unknown ones and known deviations do not fail the run
  --list                say what would run
  --help

The target module's default export is what defineTarget() makes. The last line is "N passed, N failed, N skipped".
Exit codes: 0 all is well, 1 something failed, 2 something could not be shown, 3 nothing could be tried.`

/** The smallest --scale and --slow. */
const LEAST_FACTOR = 0.001

/** Something on the command line is not legal. */
export class UsageError extends Error {
  override readonly name = 'UsageError'
}

const TEXT = { type: 'string' } as const
const FLAG = { type: 'boolean' } as const
const KNOWN = {
  ...{
    profile: TEXT,
    only: TEXT,
    skip: TEXT,
    seed: TEXT,
    repeat: TEXT,
    parallel: TEXT,
    scale: TEXT,
    slow: TEXT,
    report: TEXT,
  },
  ...{ 'allow-blocked': FLAG, shuffle: FLAG, list: FLAG, help: FLAG },
}

/** Reads the command line; `undefined` where help is asked for. */
export function readOptions(args: readonly string[]): CliOptions | undefined {
  const { values, positionals } = parsed(args, KNOWN)
  if (values.help === true) return undefined
  const [target, ...others] = positionals
  if (target === undefined) throw new UsageError('Which target module? Give its path.')
  if (others.length > 0) throw new UsageError(`One target module at a time: what is "${others.join(' ')}"?`)
  const { profile = 'full' } = values
  if (profile !== 'core' && profile !== 'full') throw new UsageError(`--profile is core or full, not "${profile}".`)
  const suite = {
    profile,
    only: list('only', values.only),
    skip: list('skip', values.skip),
    seed: whole('seed', values.seed, 0),
    repeat: whole('repeat', values.repeat, 1),
    shuffle: values.shuffle,
    parallel: whole('parallel', values.parallel, 1),
    scale: number('scale', values.scale, LEAST_FACTOR),
    slow: number('slow', values.slow, LEAST_FACTOR),
  } satisfies SuiteOptions
  return {
    target,
    suite,
    allowBlocked: values['allow-blocked'] === true,
    list: values.list === true,
    report: values.report,
  }
}

/** What Node's parser makes of a command line. */
export function parsed<T extends NonNullable<ParseArgsConfig['options']>>(args: readonly string[], options: T) {
  try {
    return parseArgs({ args: [...args], options, allowPositionals: true })
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error))
  }
}

function list(name: string, text: string | undefined): readonly string[] | undefined {
  if (text === undefined) return undefined
  const names = text.split(',').filter(part => part !== '')
  if (names.length === 0) throw new UsageError(`--${name} names no group and no case.`)
  return names
}

function number(name: string, text: string | undefined, least: number): number | undefined {
  if (text === undefined) return undefined
  const value = Number(text)
  if (text.trim() !== '' && Number.isFinite(value) && value >= least) return value
  throw new UsageError(`--${name} is a number from ${least}, not "${text}".`)
}

function whole(name: string, text: string | undefined, least: number): number | undefined {
  const value = number(name, text, least)
  if (value === undefined || Number.isSafeInteger(value)) return value
  throw new UsageError(`--${name} is a whole number, not "${text}".`)
}
