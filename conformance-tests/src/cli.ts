#!/usr/bin/env node
import { run } from './cli/run.js'

/** How long the process may take to end by itself once all is said, in milliseconds. */
const PATIENCE = 5_000

const code = await run(process.argv.slice(2), line => process.stdout.write(`${line}\n`))
process.exitCode = code
// An adapter that leaves something open must not keep whoever waits for this command waiting for ever.
setTimeout(() => {
  const left = process.getActiveResourcesInfo().filter(name => name !== 'Timeout')
  process.stderr.write(`Something is still open after everything was closed: ${left.join(', ') || 'a timer'}.\n`)
  process.exit(code === 0 ? 1 : code)
}, PATIENCE).unref()
