import type { Column } from './scenario.ts'
import type { Subject } from './subject.ts'

/** What messages have cost. */
export type Cost = Readonly<{ rate: number; cpu: number; thread: number; server?: number }>

/** What a stretch of work cost, summed over several. */
export class Stopwatch {
  /** Milliseconds. */
  elapsed = 0
  /** Microseconds of all threads, those of the garbage collector and the compiler included. */
  #process = 0
  /** Microseconds of the thread that runs JavaScript. */
  #thread = 0
  /** Microseconds of the server's processes. */
  #server = 0
  #start = 0
  #processBefore = process.cpuUsage()
  #threadBefore = process.threadCpuUsage()
  #serverBefore = 0
  readonly #serverTime: (() => number) | undefined

  constructor({ serverTime }: Subject) {
    this.#serverTime = serverTime
  }

  start(): void {
    this.#processBefore = process.cpuUsage()
    this.#threadBefore = process.threadCpuUsage()
    this.#serverBefore = this.#serverTime?.() ?? 0
    this.#start = performance.now()
  }

  /** Forgets what was measured so far. */
  reset(): void {
    this.elapsed = 0
    this.#process = 0
    this.#thread = 0
    this.#server = 0
  }

  stop(): void {
    this.elapsed += performance.now() - this.#start
    this.#process += sum(process.cpuUsage(this.#processBefore))
    this.#thread += sum(process.threadCpuUsage(this.#threadBefore))
    this.#server += (this.#serverTime?.() ?? 0) - this.#serverBefore
  }

  /** Messages a second; CPU seconds per 100,000 of them, of this process and of the server; nanoseconds of the main thread for one. */
  per(messages: number): Cost {
    return {
      rate: (messages / this.elapsed) * 1_000,
      cpu: this.#process / messages / 10,
      thread: (this.#thread / messages) * 1_000,
      ...(this.#serverTime && { server: this.#server / messages / 10 }),
    }
  }
}

const sum = ({ user, system }: NodeJS.CpuUsage): number => user + system

export const RATE: Column = { figure: 'rate', title: 'messages /s', better: 'more', digits: 0 }
export const CPU: Column = { figure: 'cpu', title: 'CPU s per 100k', better: 'less', digits: 3 }
/** Hardly moved by what else the machine does: a thread that waits for a core costs nothing. */
export const THREAD: Column = { figure: 'thread', title: 'main thread ns', better: 'less', digits: 0 }
/** Shown for those brokers that have a server. */
export const SERVER: Column = { figure: 'server', title: 'server CPU s per 100k', better: 'less', digits: 3 }
