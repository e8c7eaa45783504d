#!/usr/bin/env node
import { existsSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { runTool, type Tool } from './cli/run-tool.js'
import { nodeDisk } from './node-disk.js'
import { processEnvironment } from './process-environment.js'

const USAGE = `Usage: pluribus-log <tool> <folder> [options]

  verify   reads every byte of a log, and says what is damaged; changes nothing
  repair   declares what is lost, so that the log can be opened again, and copies what was there to quarantine/
  dump     writes each record as a line of JSON, its body in base64

  --json    answers in one line of JSON (verify, repair)
  --alone   nobody else has the log open, which repair must be told

Exit codes: 0 whole, or repaired without a loss; 1 damaged, or repaired with losses; 2 asked wrongly; 3 could not be done.
`

const TOOLS: readonly string[] = ['verify', 'repair', 'dump'] satisfies readonly Tool[]

async function main(): Promise<number> {
  let parsed: ReturnType<typeof parse>
  try {
    parsed = parse()
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : error}\n\n${USAGE}`)
    return 2
  }
  const { values, positionals } = parsed
  const [tool, folder] = positionals
  if (values.help) {
    process.stdout.write(USAGE)
    return 0
  }
  if (tool === undefined || !TOOLS.includes(tool) || folder === undefined || positionals.length > 2) {
    process.stderr.write(USAGE)
    return 2
  }
  if (!existsSync(folder)) {
    process.stderr.write(`There is no folder ${folder}.\n`)
    return 2
  }
  return await runTool(nodeDisk(folder), {
    tool: tool as Tool,
    json: values.json === true,
    alone: values.alone === true,
    environment: processEnvironment,
    write: line => process.stdout.write(`${line}\n`),
    tell: line => process.stderr.write(`${line}\n`),
    // A file of lines is no place for a progress that nobody sees.
    progress: process.stderr.isTTY ? line => process.stderr.write(`\r${line}\x1b[K`) : undefined,
  })
}

const parse = () =>
  parseArgs({
    allowPositionals: true,
    options: { json: { type: 'boolean' }, alone: { type: 'boolean' }, help: { type: 'boolean', short: 'h' } },
  })

// Whoever reads the answer may stop in the middle of it, as `head` does.
process.stdout.on('error', (error: NodeJS.ErrnoException) => process.exit(error.code === 'EPIPE' ? 0 : 3))

process.exitCode = await main()
