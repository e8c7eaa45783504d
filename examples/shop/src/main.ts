import { open } from 'node:fs/promises'
import { createBroker, isPluribusError } from '@pluribus/core'
import { type Display, liveDisplay, plainDisplay, quietDisplay } from './display.ts'
import { type Errors, readErrors } from './errors.ts'
import { empty, folderFor } from './folder.ts'
import { listenForInterrupts } from './interrupts.ts'
import { Ledger } from './ledger.ts'
import { LedgerFile } from './ledger-file.ts'
import { HELP, type Options, readOptions, UsageError } from './options.ts'
import { describe, type Report } from './report.ts'
import { run } from './run.ts'
import { type Sales, salesOf } from './sales.ts'
import { ShopError } from './shop-error.ts'

/** The exit code that shells use for "ended by Ctrl-C". */
const INTERRUPTED = 130

try {
  const options = readOptions(process.argv.slice(2))
  if (options.help) process.stdout.write(HELP)
  else await main(options)
} catch (error) {
  const isUsage = error instanceof UsageError || isPluribusError(error, 'INVALID_CONFIGURATION')
  process.exitCode = isUsage ? 2 : 1
  process.stderr.write(`shop: ${explain(error)}\n`)
}

async function main(options: Options): Promise<void> {
  await using json = options.json === undefined ? undefined : await open(options.json, 'w')
  const { report, errors } = await runInterruptibly(options)
  for (const line of [...describe(report), '', ...errors.describe()]) process.stdout.write(`${line}\n`)
  await json?.writeFile(`${JSON.stringify(report, undefined, 2)}\n`)
  if (!report.addsUp) process.exitCode = 1
}

async function runInterruptibly(options: Options): Promise<{ readonly report: Report; readonly errors: Errors }> {
  await using display = displayFor(options)
  using interrupts = listenForInterrupts(
    process,
    () => display.say('Ctrl-C: finishing what has begun. Once more to exit at once.'),
    () => process.exit(INTERRUPTED),
  )
  using file = options.ledger === undefined ? undefined : new LedgerFile(options.ledger)
  const sales = await salesOf(options)
  const adapter = options.adapter ?? (await ownFolder(options, sales, display))
  await using broker = await createBroker({ adapter, source: 'shop', logger: false })
  const ledger = new Ledger(file)
  const { concurrency } = options
  const report = await run({ broker, sales, concurrency, ledger, display, signal: interrupts.signal })
  return { report, errors: await readErrors(broker, ledger) }
}

async function ownFolder({ fresh }: Options, sales: Sales, display: Display): Promise<string> {
  const folder = folderFor(sales)
  if (fresh) await empty(folder)
  display.say(`in ${folder}: kill this process whenever you like, run it again, or run another one beside it`)
  return `file:./${folder}`
}

function displayFor({ quiet }: Options): Display {
  if (quiet) return quietDisplay()
  return process.stdout.isTTY ? liveDisplay(process.stdout) : plainDisplay(process.stdout)
}

function explain(error: unknown): string {
  if (error instanceof UsageError) return `${error.message}\nTry --help.`
  if (error instanceof ShopError) return error.message
  if (isPluribusError(error)) return `${error.message} (${error.code})`
  // What the system says of a path is clear enough; anything else is a fault of this program, and its place helps.
  if (error instanceof Error) return 'syscall' in error ? error.message : (error.stack ?? error.message)
  return String(error)
}
