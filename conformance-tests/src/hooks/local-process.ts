import { type ChildProcess, spawn } from 'node:child_process'
import { rm } from 'node:fs/promises'
import { connect } from 'node:net'
import type { Address } from './address.js'
import type { BrokerControl } from './broker-control.js'

/**
 * How a broker process is started.
 *
 * @example
 * ```ts
 * import type { LocalProcessOptions } from '@pluribus/conformance'
 *
 * const redis: LocalProcessOptions = {
 *   command: 'redis-server', args: ['--port', '6400', '--dir', '/tmp/redis-6400'], address: { host: '127.0.0.1', port: 6400 },
 * }
 * ```
 */
export interface LocalProcessOptions {
  readonly command: string
  readonly args?: readonly string[]
  /** Added to this process's environment. */
  readonly env?: Readonly<Record<string, string>>
  /** It is ready when this accepts connections. */
  readonly address: Address
  /** The folder that `wipe` deletes. Default: nothing can be wiped. */
  readonly dataDirectory?: string
  /** How long starting and stopping may take, in milliseconds. Default: 15,000. */
  readonly patience?: number
}

/** How often it is looked whether the process is ready, in milliseconds. */
const LOOK = 25

/**
 * Controls a broker that is a process of this machine. All processes of its group are signalled: some brokers are several.
 *
 * @example
 * ```ts
 * import { localProcess } from '@pluribus/conformance'
 *
 * const address = { host: '127.0.0.1', port: 6400 }
 * const broker = localProcess({ command: 'redis-server', args: ['--port', '6400'], address })
 * await broker.start()
 * await broker.stop()
 * ```
 */
export function localProcess(options: LocalProcessOptions): BrokerControl {
  return new LocalProcess(options)
}

class LocalProcess implements BrokerControl {
  readonly #options: LocalProcessOptions
  readonly #patience: number
  readonly wipe?: () => Promise<void>
  #child: ChildProcess | undefined
  #output = ''

  constructor(options: LocalProcessOptions) {
    this.#options = options
    this.#patience = options.patience ?? 15_000
    const { dataDirectory } = options
    if (dataDirectory === undefined) return
    this.wipe = async () => {
      if (this.isRunning) throw new Error(`${options.command} runs: stop it before its data is wiped.`)
      await rm(dataDirectory, { recursive: true, force: true })
    }
  }

  get isRunning(): boolean {
    return this.#child !== undefined
  }

  async start(): Promise<void> {
    if (this.#child !== undefined) return
    const { command, args = [], env = {}, address } = this.#options
    const child = spawn(command, args, {
      detached: true,
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, ...env },
    })
    this.#child = child
    this.#output = ''
    for (const stream of [child.stdout, child.stderr]) {
      stream.on('data', (chunk: Buffer) => {
        this.#output = (this.#output + chunk.toString()).slice(-2_000)
      })
    }
    const failed = new Promise<never>((_, reject) => {
      child.once('error', error => reject(new Error(`${command} cannot be started.`, { cause: error })))
      child.once('exit', (code, signal) => {
        if (this.#child === child) this.#child = undefined
        reject(new Error(`${command} has ended (${signal ?? code}) before it accepted connections.\n${this.#output}`))
      })
    })
    await Promise.race([failed, this.#accepts(address)])
    failed.catch(() => {})
  }

  stop(): Promise<void> {
    return this.#end('SIGTERM')
  }

  kill(): Promise<void> {
    return this.#end('SIGKILL')
  }

  async freeze(): Promise<void> {
    this.#signal('SIGSTOP')
  }

  async resume(): Promise<void> {
    this.#signal('SIGCONT')
  }

  async #end(signal: NodeJS.Signals): Promise<void> {
    const child = this.#child
    if (child === undefined) return
    const ended = new Promise<void>(resolve => child.once('exit', () => resolve()))
    this.#signal(signal)
    // A frozen process hears nothing but this.
    this.#signal('SIGCONT')
    const timer = setTimeout(() => this.#signal('SIGKILL'), this.#patience)
    await ended
    clearTimeout(timer)
    this.#child = undefined
  }

  #signal(signal: NodeJS.Signals): void {
    const pid = this.#child?.pid
    if (pid === undefined) return
    try {
      process.kill(-pid, signal)
    } catch (error) {
      // It has ended meanwhile.
      if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error
    }
  }

  async #accepts(address: Address): Promise<void> {
    const { command } = this.#options
    const deadline = performance.now() + this.#patience
    while (!(await isListening(address))) {
      if (!this.isRunning) return
      if (performance.now() > deadline)
        throw new Error(`${command} accepts no connections after ${this.#patience} ms.\n${this.#output}`)
      await new Promise(resolve => setTimeout(resolve, LOOK))
    }
  }
}

const isListening = (address: Address): Promise<boolean> =>
  new Promise(resolve => {
    const socket = connect(address)
    socket.once('connect', () => {
      socket.destroy()
      resolve(true)
    })
    socket.once('error', () => resolve(false))
  })
