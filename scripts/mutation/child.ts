import { spawn } from 'node:child_process'
import type { Mutant } from './mutants.ts'

/** What a process has said, and how it ended. */
export interface Ended {
  readonly said: string
  /** It was killed because it did not come to an end. */
  readonly isEndless: boolean
  readonly code: number | null
}

/** Runs Node with a mutant in its environment. `limit` in milliseconds: a loop without end is killed by it, with whatever it has started. */
export function runNode(
  args: readonly string[],
  mutant: Mutant | undefined,
  limit: number,
  more: Readonly<Record<string, string>> = {},
): Promise<Ended> {
  const env = { ...process.env, ...more, ...(mutant === undefined ? {} : { MUTANT: JSON.stringify(mutant) }) }
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, args, { env, stdio: ['ignore', 'pipe', 'pipe'], detached: true })
    let said = ''
    let isEndless = false
    const timer = setTimeout(() => {
      isEndless = true
      // The whole group: test runners have workers of their own.
      if (child.pid !== undefined) process.kill(-child.pid, 'SIGKILL')
    }, limit)
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8').on('data', (text: string) => {
        said += text
      })
    }
    child.once('error', reject)
    child.once('close', code => {
      clearTimeout(timer)
      resolve({ said, isEndless, code })
    })
  })
}
