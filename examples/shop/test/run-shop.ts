import { spawn } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { onTestFinished } from 'vitest'
import type { Report } from '../src/report.ts'

const MAIN = fileURLToPath(new URL('../src/main.ts', import.meta.url))

export interface Finished {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
}

/** Gets every piece of output, and a way to send a signal. */
type Interrupt = (output: string, send: (signal: NodeJS.Signals) => void) => void

/** Runs the shop as a user would, in a directory that is its own unless one is named. */
export function runShop(
  args: readonly string[],
  interrupt: Interrupt = () => {},
  cwd: string = temporaryDirectory(),
): Promise<Finished> {
  const child = spawn(process.execPath, [MAIN, ...args], { cwd, stdio: ['ignore', 'pipe', 'pipe'] })
  let stdout = ''
  let stderr = ''
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    stdout += text
    interrupt(stdout, signal => child.kill(signal))
  })
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text
  })
  return new Promise((resolve, reject) => {
    child.once('error', reject).once('close', code => resolve({ code, stdout, stderr }))
  })
}

/** Runs the shop and reads the report and the ledger that it has written. */
export async function runAndRead(args: readonly string[], interrupt?: Interrupt, cwd?: string) {
  const directory = temporaryDirectory()
  const [json, ledger] = [join(directory, 'report.json'), join(directory, 'ledger.tsv')]
  const finished = await runShop([...args, '--json', json, '--ledger', ledger], interrupt, cwd)
  if (finished.stderr !== '') throw new Error(`${finished.stdout}\n${finished.stderr}`)
  return { ...finished, report: JSON.parse(readFileSync(json, 'utf8')) as Report, ledger: readLedger(ledger) }
}

export function temporaryDirectory(): string {
  const directory = mkdtempSync(join(tmpdir(), 'pluribus-shop-'))
  onTestFinished(() => rmSync(directory, { recursive: true }))
  return directory
}

export interface LedgerLine {
  readonly subscription: string
  readonly id: string
  readonly outcome: string
  readonly reason: string
}

function readLedger(path: string): LedgerLine[] {
  const lines = readFileSync(path, 'utf8').split('\n')
  return lines.slice(0, -1).map(line => {
    const [subscription = '', id = '', outcome = '', reason = ''] = line.split('\t')
    return { subscription, id, outcome, reason }
  })
}

/** One subscription's figures. */
export function stationOf(report: Report, subscription: string): Report['subscriptions'][number] {
  const station = report.subscriptions.find(it => it.subscription === subscription)
  if (station === undefined) throw new Error(`The report lacks ${subscription}.`)
  return station
}
