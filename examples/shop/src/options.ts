import { parseArgs } from 'node:util'

export const HELP = `A shop on Pluribus: orders → payment → inventory → delivery → notification.

  npm run demo -- [options]

  --input <file>       sales to run, as CSV (default: a generated sample)
  --lines <n>          how many lines to generate (default: 2000)
  --adapter <url>      the broker: memory:, redis://… (default: a folder of these sales in .pluribus/demo)
  --fresh              throw away what is in that folder, and begin anew
  --concurrency <n>    handlers at once, per subscription, 1 to 10000 (default: 8)
  --ledger <file>      write one line per delivery's end: subscription, id, outcome, reason
  --json <file>        write totals and digest
  --quiet              no progress, only the totals
  --help               this text

Run it again, and it goes on where it was, whatever has ended it; run it twice at once, and the two share the work.
Ctrl-C ends the run early: what has begun is finished, and the totals are of what was done. A second one exits at once.
The exit code is 0 if the totals add up, 1 if they do not or the run failed, 2 for wrong options.
`

export interface Options {
  readonly input: string | undefined
  readonly lines: number
  /** Absent: a folder of our own. */
  readonly adapter: string | undefined
  readonly fresh: boolean
  readonly concurrency: number
  readonly ledger: string | undefined
  readonly json: string | undefined
  readonly quiet: boolean
  readonly help: boolean
}

/** The command line is wrong; the message says how. */
export class UsageError extends Error {
  override readonly name = 'UsageError'
}

/** Reads the command line. Throws {@link UsageError}. */
export function readOptions(args: readonly string[]): Options {
  const { input, lines, adapter, fresh, concurrency, ledger, json, quiet, help } = parse(args)
  if (input !== undefined && lines !== undefined) {
    throw new UsageError('--lines is for the generated sample: leave it out, or leave out --input.')
  }
  if (adapter !== undefined && fresh) {
    throw new UsageError(
      '--fresh is for the folder that the shop makes by itself: empty the broker that you name yourself.',
    )
  }
  for (const [name, value] of Object.entries({ input, adapter, ledger, json })) {
    if (value === '') throw new UsageError(`--${name} is empty.`)
  }
  return {
    ...{ input, adapter, ledger, json },
    lines: wholeNumber('--lines', lines ?? '2000', 1_000_000),
    fresh: fresh ?? false,
    concurrency: wholeNumber('--concurrency', concurrency ?? '8', 10_000),
    quiet: quiet ?? false,
    help: help ?? false,
  }
}

function parse(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      options: {
        input: { type: 'string' },
        lines: { type: 'string' },
        adapter: { type: 'string' },
        fresh: { type: 'boolean' },
        concurrency: { type: 'string' },
        ledger: { type: 'string' },
        json: { type: 'string' },
        quiet: { type: 'boolean' },
        help: { type: 'boolean', short: 'h' },
      },
    }).values
  } catch (error) {
    // The first sentence says what is wrong; what Node goes on to advise is about names of files.
    const [said = ''] = (error instanceof Error ? error.message : String(error)).split('. ')
    throw new UsageError(`${said.replace(/\.$/, '')}.`, { cause: error })
  }
}

function wholeNumber(name: string, text: string, most: number): number {
  const value = /^\d+$/.test(text) ? Number(text) : Number.NaN
  if (value >= 1 && value <= most) return value
  throw new UsageError(`${name} is a whole number from 1 to ${most}, not '${text}'.`)
}
