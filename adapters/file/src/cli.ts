#!/usr/bin/env node
import { parseArgs } from 'node:util'
import { runExport } from './cli/run-export.js'

const USAGE = `Usage: pluribus-file export <folder> --json <to>

  export   writes what the folder of a broker keeps as newline-delimited JSON, one file a topic and day:
           <to>/messages/<topic>/<day>.jsonl, <to>/dead-letters/<topic>/<day>.jsonl, <to>/report.json.
           The folder is only read, and may be in use. <to> must not be there yet.

Exit codes: 0 whole; 1 damaged, and exported what is left; 2 asked wrongly; 3 could not be done; 130 interrupted, and nothing stays.
`

async function main(): Promise<number> {
  let parsed: ReturnType<typeof parse>
  try {
    parsed = parse()
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : error}\n\n${USAGE}`)
    return 2
  }
  const { values, positionals } = parsed
  const [tool, dir] = positionals
  if (values.help) {
    process.stdout.write(USAGE)
    return 0
  }
  if (tool !== 'export' || dir === undefined || positionals.length > 2 || values.json === undefined) {
    process.stderr.write(USAGE)
    return 2
  }
  const interrupt = new AbortController()
  // The first one ends it in good order, the second one at once.
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => interrupt.abort(signal))
  return await runExport({
    dir,
    to: values.json,
    signal: interrupt.signal,
    monotonic: () => performance.now(),
    write: line => process.stdout.write(`${line}\n`),
    tell: line => process.stderr.write(`${line}\n`),
    // A file of lines is no place for a progress that nobody sees.
    progress: process.stderr.isTTY ? line => process.stderr.write(`\r${line}\x1b[K`) : undefined,
  })
}

const parse = () =>
  parseArgs({
    allowPositionals: true,
    options: { json: { type: 'string' }, help: { type: 'boolean', short: 'h' } },
  })

// Whoever reads the answer may stop in the middle of it, as `head` does.
process.stdout.on('error', (error: NodeJS.ErrnoException) => process.exit(error.code === 'EPIPE' ? 0 : 3))

process.exitCode = await main()
