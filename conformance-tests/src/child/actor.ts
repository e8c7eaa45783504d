import { type ChildProcess, spawn } from 'node:child_process'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { createInterface } from 'node:readline'
import type { Readable } from 'node:stream'
import type { Subscription, Topic } from '@pluribus/core'
import { Failure } from '../case/failure.js'
import type { Sample } from '../case/sample.js'
import type { HistoryEvent } from '../history/event.js'
import type { ActorBehaviour, ActorLoad, ActorOrder, ActorReport, ActorStart, ActorWork } from './order.js'
import { REPORTS } from './order.js'

/** Built, whoever asks: a process of its own cannot read the sources of tests. */
const MAIN = join(
  dirname(createRequire(import.meta.url).resolve('@pluribus/conformance/package.json')),
  'dist/child.js',
)

/** What an actor is told of. */
export interface ActorEvents {
  /** Its history, as it happens: the times are those of this machine's one monotonic clock. */
  event(event: HistoryEvent): void
  /** It is dead: `known` where that happens now. */
  died(known: boolean): void
  changed(): void
}

/**
 * A process of its own with one broker, which can be killed and frozen. Cases get it from {@link CaseContext.child}.
 *
 * @example
 * ```ts
 * import type { Actor, CaseContext } from '@pluribus/conformance'
 *
 * const killed = async (it: CaseContext): Promise<Actor> => {
 *   const child = await it.child()
 *   await child.subscribe(it.topic().subscription('billing'), { does: 'hold' })
 *   await child.kill()
 *   return child
 * }
 * ```
 */
export class Actor {
  readonly process: string
  /** What its handlers began, in order. */
  readonly runs: { readonly id: string; readonly n: number; readonly attempt: number; readonly losses: number }[] = []
  /** What its publishes were told to be stored, in order. */
  readonly receipts: { readonly id: string; readonly n: number }[] = []
  /** What its broker has confirmed to be acked. */
  readonly acked: string[] = []
  /** Resolves when the process is over and all its reports have been read. */
  readonly exited: Promise<{ readonly code: number | null; readonly signal: NodeJS.Signals | null }>
  readonly #child: ChildProcess
  readonly #waiting: { resolve(): void; reject(error: unknown): void }[] = []
  readonly #events: ActorEvents
  #stderr = ''
  #isOver = false
  #isDead = false

  constructor(start: ActorStart, events: ActorEvents) {
    this.process = start.process
    this.#events = events
    this.#child = spawn(process.execPath, [MAIN, JSON.stringify(start)], { stdio: ['pipe', 'ignore', 'pipe', 'pipe'] })
    this.#child.stderr?.on('data', (chunk: Buffer) => {
      this.#stderr = (this.#stderr + chunk.toString()).slice(-2_000)
    })
    // Orders to a process that is over are answered by its end.
    this.#child.stdin?.on('error', () => {})
    const lines = createInterface({ input: this.#child.stdio[REPORTS] as Readable })
    lines.on('line', line => this.#hear(JSON.parse(line) as ActorReport))
    const read = new Promise<void>(resolve => lines.once('close', () => resolve()))
    const ended = new Promise<{ code: number | null; signal: NodeJS.Signals | null }>(resolve =>
      this.#child.once('exit', (code, signal) => resolve({ code, signal })),
    )
    this.exited = Promise.all([ended, read]).then(([how]) => this.#ended(how))
  }

  /** Number of the process; undefined where it could not be started. */
  get pid(): number | undefined {
    return this.#child.pid
  }

  get isOver(): boolean {
    return this.#isOver
  }

  /** Subscribes a handler that does the same with every message, or with one of them. Resolves when it is effective. */
  subscribe(
    { topic, spec }: Subscription<Sample>,
    behaviour: ActorBehaviour | ActorWork = { does: 'ack' },
    options: { readonly concurrency?: number; readonly prefetch?: number } = {},
  ): Promise<void> {
    return this.#order({ do: 'subscribe', topic: topic.spec, subscription: spec, behaviour, ...options })
  }

  /** Publishes `{ n: first }` and so on, one after the other; resolves when all are stored. `ids`: supplied, with this prefix. */
  publish(
    topic: Topic<Sample>,
    count: number,
    options: { readonly first?: number; readonly ids?: string } = {},
  ): Promise<void> {
    const { first = 1, ...rest } = options
    return this.#order({ do: 'publish', topic: topic.spec, first, count, ...rest })
  }

  /** Publishes at a rate until {@link rest}, whatever becomes of it. Resolves when it has begun. */
  load(topic: Topic<Sample>, load: ActorLoad): Promise<void> {
    return this.#order({ do: 'load', topic: topic.spec, load })
  }

  /** Ends what {@link load} has begun; resolves when the last publish is settled. */
  rest(): Promise<void> {
    return this.#order({ do: 'rest' })
  }

  /** Closes its broker, after which the process has to end by itself. */
  close(options: { readonly drain?: number } = {}): Promise<void> {
    return this.#order({ do: 'close', ...options })
  }

  /** `process.exit`, whatever is under way. Resolves when it is over. */
  async exit(code = 0): Promise<void> {
    this.#order({ do: 'exit', code }).catch(() => {})
    await this.exited
  }

  /** SIGKILL; resolves when it is over. */
  async kill(): Promise<void> {
    if (!this.#isOver) this.#dies(true)
    this.#child.kill('SIGKILL')
    await this.exited
  }

  /** SIGTERM: it closes its broker, and ends. */
  terminate(): void {
    this.#child.kill('SIGTERM')
  }

  /** SIGSTOP: the process stays as it is, with its connections. */
  freeze(): void {
    this.#child.kill('SIGSTOP')
  }

  /** SIGCONT. */
  resume(): void {
    this.#child.kill('SIGCONT')
  }

  #order(order: ActorOrder): Promise<void> {
    if (this.#isOver) return Promise.reject(new Failure(`${this.process} is over: it cannot ${order.do}.`))
    this.#child.stdin?.write(`${JSON.stringify(order)}\n`)
    return new Promise((resolve, reject) => this.#waiting.push({ resolve, reject }))
  }

  #hear(report: ActorReport): void {
    if (report.is === 'event') this.#events.event(report.event)
    else if (report.is === 'began') this.runs.push(report)
    else if (report.is === 'receipt') this.receipts.push(report)
    else if (report.is === 'acked') this.acked.push(report.id)
    else {
      const waiting = this.#waiting[report.order - 1]
      if (report.is === 'done') waiting?.resolve()
      else waiting?.reject(new Failure(`${this.process}: ${report.message}`))
    }
    this.#events.changed()
  }

  #dies(known: boolean): void {
    if (!this.#isDead) this.#events.died(known)
    this.#isDead = true
  }

  #ended(how: { code: number | null; signal: NodeJS.Signals | null }) {
    this.#isOver = true
    this.#dies(false)
    const { code, signal } = how
    const said = this.#stderr === '' ? '' : ` It said: ${this.#stderr}`
    // Settled ones do not hear it any more.
    for (const { reject } of this.#waiting) reject(new Failure(`${this.process} has ended (${signal ?? code}).${said}`))
    this.#events.changed()
    return how
  }
}
