import { fork } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import type { Figures } from './scenario.ts'

/** One measurement: of one subject, in one scenario, in a process of its own. */
export interface Job {
  readonly broker: string
  readonly scenario: string
  readonly subject: string
  readonly scale: 'full' | 'quick' | 'profile'
  /** Of the server or the folder; absent where the broker is in the process. */
  readonly url?: string
}

/** Its result, as `--json` writes it. */
export interface Sample {
  readonly scenario: string
  readonly subject: string
  readonly round: number
  readonly figures: Figures
}

// V8 drops the bytecode of what has not run for some collections: 4.6 MB that would be found missing while memory is measured.
const NODE_OPTIONS = ['--expose-gc', '--no-flush-bytecode']

/** Milliseconds after which a measurement is over in any case: somebody waits for a message that never comes. */
const PATIENCE = 20 * 60_000

const CHILD = fileURLToPath(new URL('./child.ts', import.meta.url))

/**
 * Runs a job in a fresh process: the heap of one subject (millions of records where it has a backlog) would make the
 * garbage collections of the next one slower, and call sites that have seen several subjects are compiled worse.
 */
export function measure(job: Job, nodeOptions: readonly string[] = []): Promise<Figures> {
  return new Promise((resolve, reject) => {
    const child = fork(CHILD, [JSON.stringify(job)], { execArgv: [...NODE_OPTIONS, ...nodeOptions] })
    let figures: Figures | undefined
    child.on('message', message => {
      figures = message as Figures
    })
    child.on('error', reject)
    const timer = setTimeout(() => child.kill('SIGKILL'), PATIENCE)
    child.on('exit', (code, signal) => {
      clearTimeout(timer)
      if (code === 0 && figures !== undefined) return resolve(figures)
      reject(new Error(`${job.scenario} of ${job.subject} ended with ${signal ?? `code ${code}`}.`))
    })
  })
}
