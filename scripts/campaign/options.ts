import { parseArgs } from 'node:util'
import { GROUPS, MORE_GROUPS } from './outage.ts'
import { OUTAGES } from './outages/index.ts'

/** What the command line asks for. */
export interface Options {
  readonly adapter: string
  /** How many outages of each group. */
  readonly outages: number
  /** How often each of them strikes. */
  readonly blows: number
  readonly seed: number
  /** Groups (`kill`), kinds (`kill-broker`) and single outages (`kill-broker-7`); empty: all. */
  readonly only: readonly string[]
  /** Milliseconds. */
  readonly lease: number
  /** Messages a second. */
  readonly rate: number
  readonly slow: number
  readonly report: string | undefined
  readonly histories: string | undefined
}

export const USAGE = `npm run campaign -- --adapter <name> [options]

  --outages 50          how many of each group: ${GROUPS.join(', ')} (default: 50)
  --blows 1             how often each of them strikes, one blow after the other on the same work (default: 1)
  --only kill,cut       these groups alone (also ${MORE_GROUPS.join(', ')}), or kinds, or single ones (kill-broker-7):
                        ${OUTAGES.map(({ kind }) => kind).join(', ')}
  --seed 1              of every random choice (default: 1)
  --lease 3000          milliseconds of a lease (default: 3000)
  --rate 200            messages a second that are published (default: 200)
  --slow 2              how many times longer than is promised recovery may take (default: 1)
  --report file.json    every figure goes there
  --histories folder    the history of each outage goes there, one event a line, gzipped

The last line is "N passed, N failed, N skipped".
Exit codes: 0 all is well, 1 something failed, 2 something could not be shown, 3 the command cannot be understood,
130 it was interrupted.`

/** Something on the command line is not legal. */
export class UsageError extends Error {
  override readonly name = 'UsageError'
}

const TEXT = { type: 'string' } as const

/** Reads the command line; `undefined` where help is asked for. */
export function readOptions(args: readonly string[]): Options | undefined {
  const values = parsed(args)
  if (values.help === true) return undefined
  const { adapter, only = '', report } = values
  if (adapter === undefined) throw new UsageError('Which adapter? Give --adapter.')
  return {
    adapter,
    outages: whole('outages', values.outages ?? '50', 1),
    blows: whole('blows', values.blows ?? '1', 1),
    seed: whole('seed', values.seed ?? '1', 0),
    only: only.split(',').filter(name => name !== ''),
    lease: whole('lease', values.lease ?? '3000', 100),
    rate: whole('rate', values.rate ?? '200', 2),
    slow: whole('slow', values.slow ?? '1', 1),
    report,
    histories: values.histories,
  }
}

function parsed(args: readonly string[]) {
  const options = {
    ...{
      adapter: TEXT,
      outages: TEXT,
      blows: TEXT,
      seed: TEXT,
      only: TEXT,
      lease: TEXT,
      rate: TEXT,
      slow: TEXT,
      report: TEXT,
      histories: TEXT,
    },
    help: { type: 'boolean' },
  } as const
  try {
    return parseArgs({ args: [...args], options }).values
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error))
  }
}

function whole(name: string, text: string, least: number): number {
  const value = Number(text)
  if (text.trim() !== '' && Number.isSafeInteger(value) && value >= least) return value
  throw new UsageError(`--${name} is a whole number from ${least}, not "${text}".`)
}
