import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, openSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { type Entry, lives, processTree, readEntry } from './process-tree.ts'
import type { Job } from './protocol.ts'

/** How often it is looked whether processes have ended, in milliseconds. */
const LOOK = 10
/** How long the system may take to end processes that are killed: some may wait for a disk. In milliseconds. */
const KILL_PATIENCE = 60_000

/** One server and all of its processes, from its first one's start to the last one's end. */
export class SupervisedServer {
  readonly #child: ChildProcess
  /** The first process; undefined where it ended before it could be looked at. */
  #root: Entry | undefined
  /** Every process of it that has been seen and lives. One whose parent has ended is in no tree, and must not be forgotten. */
  #seen: readonly Entry[] = []
  /** The exit code or signal of its first process. */
  readonly ended: Promise<string>

  private constructor(child: ChildProcess) {
    this.#child = child
    this.ended = once(child, 'exit').then(([code, signal]) => String(signal ?? code))
  }

  /** Resolves when it has a process. */
  static async spawn(job: Job): Promise<SupervisedServer> {
    const log = openSync(job.log, 'a', 0o600)
    try {
      const child = spawn(job.file, job.args, {
        cwd: job.folder,
        env: { ...job.env },
        // A group of its own: no signal of a terminal reaches it.
        detached: true,
        stdio: ['ignore', log, log],
        ...job.owner,
      })
      const server = new SupervisedServer(child)
      // What cannot be spawned has no exit.
      server.ended.catch(() => {})
      await once(child, 'spawn')
      server.#root = readEntry(child.pid as number)
      return server
    } finally {
      closeSync(log)
    }
  }

  /** To all of its processes. The first one is stopped before the others are counted, so that it starts no more. */
  signal(signal: NodeJS.Signals): void {
    if (signal !== 'SIGCONT' && this.#root !== undefined) send('SIGSTOP', [this.#root])
    const sent = new Set<number>()
    for (;;) {
      const fresh = this.#look().filter(({ pid }) => !sent.has(pid))
      if (fresh.length === 0) return
      send(signal, fresh)
      for (const { pid } of fresh) sent.add(pid)
    }
  }

  /**
   * Ends its first process by a signal and then, without asking, what that has left behind. Where its patience, in milliseconds,
   * is over all are killed. True where the first process has ended as it was asked.
   */
  async end(signal: NodeJS.Signals, patience: number): Promise<boolean> {
    let isOrderly = signal === 'SIGKILL'
    if (signal !== 'SIGKILL' && this.#root !== undefined) {
      this.#look()
      send(signal, [this.#root])
      // What is frozen hears nothing but this.
      this.signal('SIGCONT')
      isOrderly = await until(() => this.#hasEnded, patience)
    }
    this.signal('SIGKILL')
    if (await until(() => this.#hasEnded && this.#look().length === 0, KILL_PATIENCE)) return isOrderly
    throw new Error(`Processes outlive SIGKILL: ${this.#seen.map(({ pid }) => pid).join(', ')}.`)
  }

  get #hasEnded(): boolean {
    return this.#child.exitCode !== null || this.#child.signalCode !== null
  }

  #look(): readonly Entry[] {
    if (this.#root === undefined) return []
    const found = processTree(this.#root)
    const known = new Set(found.map(({ pid }) => pid))
    this.#seen = [...found, ...this.#seen.filter(entry => !known.has(entry.pid) && lives(entry))]
    return this.#seen
  }
}

async function until(condition: () => boolean, patience: number): Promise<boolean> {
  const deadline = performance.now() + patience
  while (!condition()) {
    if (performance.now() > deadline) return false
    await sleep(LOOK)
  }
  return true
}

function send(signal: NodeJS.Signals, entries: readonly Entry[]): void {
  for (const entry of entries) {
    if (!lives(entry)) continue
    try {
      process.kill(entry.pid, signal)
    } catch (error) {
      // It has ended meanwhile.
      if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error
    }
  }
}
