import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import type { Question, Report } from './protocol.ts'

const PROGRAM = fileURLToPath(new URL('./supervise.ts', import.meta.url))

interface Waiting {
  resolve(answer: boolean): void
  reject(error: Error): void
}

/** The user's end of a supervisor, which outlives its user for as long as it takes to end the server and delete its folder. */
export class Supervisor {
  readonly #process: ChildProcess
  readonly #waiting = new Map<number, Waiting>()
  readonly #ended: (outcome: string) => void
  #asked = 0

  /** @param ended - called when the server has ended, with its exit code or signal. */
  constructor(ended: (outcome: string) => void) {
    this.#ended = ended
    this.#process = fork(PROGRAM, [], {
      // In a session of its own, so that no signal of the user's terminal ends it before its work is done.
      detached: true,
      execArgv: ['--no-warnings'],
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    })
    this.#process.on('message', (report: Report) => this.#hear(report))
    this.#process.on('error', error => this.#fail(error))
    this.#process.on('exit', code => this.#fail(new Error(`The supervisor has ended (${code}).`)))
    this.#rest()
  }

  /** Resolves with the answer. */
  ask(question: Question): Promise<boolean> {
    const id = ++this.#asked
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, { resolve, reject })
      this.#process.ref()
      this.#process.channel?.ref()
      this.#process.send({ ...question, id }, error => {
        if (error !== null) this.#fail(error)
      })
    })
  }

  /** Lets it end, which ends the server and deletes its folder; resolves when it has. */
  async dismiss(): Promise<void> {
    if (this.#process.exitCode !== null || this.#process.signalCode !== null) return
    const ended = once(this.#process, 'exit')
    this.#process.ref()
    if (this.#process.connected) this.#process.disconnect()
    await ended
  }

  #hear(report: Report): void {
    if ('ended' in report) return this.#ended(report.ended)
    const waiting = this.#waiting.get(report.id)
    this.#waiting.delete(report.id)
    if ('failure' in report) waiting?.reject(new Error(report.failure))
    else waiting?.resolve(report.answer)
    if (this.#waiting.size === 0) this.#rest()
  }

  /** A supervisor keeps its user alive only while it owes an answer. */
  #rest(): void {
    this.#process.unref()
    this.#process.channel?.unref()
  }

  #fail(error: Error): void {
    for (const { reject } of this.#waiting.values()) reject(error)
    this.#waiting.clear()
  }
}
