import { chown, copyFile, mkdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { claimPlace } from './claim-place.ts'
import type { Installation, Launch, Place, Recipe } from './recipe.ts'
import type { Command, Job } from './supervision/protocol.ts'
import { Supervisor } from './supervision/supervisor.ts'
import type { BrokerKind, TestBroker } from './test-broker.ts'

/** How often it is asked whether the server serves, in milliseconds. */
const LOOK = 25
/** How much of the log an error quotes, in characters. */
const QUOTED = 2_000

/** A server, as its recipe says, under a supervisor of its own. */
export class ServerProcess implements TestBroker {
  readonly kind: BrokerKind
  readonly version: string
  readonly url: string
  readonly port: number
  readonly #recipe: Recipe
  readonly #installation: Installation
  readonly #supervisor: Supervisor
  readonly #place: Place
  readonly #launch: Launch
  readonly #patience: number
  #isFormatted = false
  #isDisposed = false
  /** What its first process has ended with; undefined while that runs. */
  #outcome: string | undefined = 'not started'

  private constructor(
    recipe: Recipe,
    installation: Installation,
    place: Place,
    patience: number,
    supervisor: Supervisor,
  ) {
    this.kind = recipe.kind
    this.version = installation.version
    this.url = recipe.url(place)
    this.port = place.port
    this.#recipe = recipe
    this.#installation = installation
    this.#supervisor = supervisor
    this.#place = place
    this.#launch = recipe.launch(place, installation)
    this.#patience = patience
  }

  /** A server that does not run yet, with ports and a folder. `patience` is for starting and for stopping, in milliseconds. */
  static async create(recipe: Recipe, installation: Installation, patience: number): Promise<ServerProcess> {
    let server: ServerProcess | undefined
    const supervisor = new Supervisor(outcome => {
      if (server !== undefined) server.#outcome = outcome
    })
    try {
      const place = await claimPlace(supervisor, installation.owner)
      server = new ServerProcess(recipe, installation, place, patience, supervisor)
      return server
    } catch (error) {
      await supervisor.dismiss()
      throw error
    }
  }

  get isRunning(): boolean {
    return this.#outcome === undefined
  }

  async start(): Promise<void> {
    if (this.#isDisposed) throw new Error(`${this.kind} has been disposed of.`)
    if (this.isRunning) return
    const deadline = performance.now() + this.#patience
    // It may have ended by itself and left processes behind.
    await this.#supervisor.ask({ ask: 'end', signal: 'SIGKILL', patience: 0 })
    await this.#prepare()
    this.#outcome = undefined
    try {
      await this.#supervisor.ask({ ask: 'start', job: this.#job(this.#launch), discard: this.#launch.discard })
      await this.#serves(deadline)
    } catch (error) {
      await this.kill()
      throw error
    }
  }

  async stop(): Promise<void> {
    const wasRunning = this.isRunning
    if (await this.#end(this.#launch.stop)) return
    if (wasRunning)
      throw new Error(`${this.kind} did not stop within ${this.#patience} ms and was killed.\n${await this.#quote()}`)
  }

  async kill(): Promise<void> {
    await this.#end('SIGKILL')
  }

  async freeze(): Promise<void> {
    await this.#supervisor.ask({ ask: 'signal', signal: 'SIGSTOP' })
  }

  async thaw(): Promise<void> {
    await this.#supervisor.ask({ ask: 'signal', signal: 'SIGCONT' })
  }

  async restart(): Promise<void> {
    await this.stop()
    await this.start()
  }

  async wipe(): Promise<void> {
    if (this.isRunning) throw new Error(`${this.kind} runs: stop it before its data is wiped.`)
    await rm(this.#place.data, { recursive: true, force: true })
    this.#isFormatted = false
  }

  async logs(): Promise<string> {
    try {
      return await readFile(this.#log, 'utf8')
    } catch (error) {
      // It has not been started yet.
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return ''
      throw error
    }
  }

  async keepLogs(): Promise<string> {
    const folder = process.env.PLURIBUS_BROKER_LOGS ?? join(tmpdir(), 'pluribus-broker-logs')
    await mkdir(folder, { recursive: true })
    const kept = join(folder, `${this.kind}-${this.port}-${process.pid}.log`)
    await copyFile(this.#log, kept)
    return kept
  }

  async dispose(): Promise<void> {
    if (this.#isDisposed) return
    this.#isDisposed = true
    try {
      await this.#supervisor.ask({ ask: 'discard' })
    } finally {
      this.#outcome ??= 'disposed of'
      await this.#supervisor.dismiss()
    }
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.dispose()
  }

  get #log(): string {
    return join(this.#place.folder, 'server.log')
  }

  /** False where it had to be killed although something else was asked. */
  async #end(signal: NodeJS.Signals): Promise<boolean> {
    const wasOrderly = await this.#supervisor.ask({ ask: 'end', signal, patience: this.#patience })
    this.#outcome ??= signal
    return wasOrderly
  }

  async #prepare(): Promise<void> {
    const { folder, data } = this.#place
    const { owner } = this.#installation
    const files = Object.entries(this.#recipe.files?.(this.#place, this.#installation) ?? {})
    await Promise.all(files.map(([name, text]) => writeFile(join(folder, name), `${text}\n`)))
    if (this.#isFormatted) return
    // What a failed attempt has left is no ground to build on.
    await rm(data, { recursive: true, force: true })
    await mkdir(data, { mode: 0o700 })
    if (owner !== undefined) await chown(data, owner.uid, owner.gid)
    for (const command of this.#recipe.format?.(this.#place, this.#installation) ?? []) await this.#run(command)
    this.#isFormatted = true
  }

  async #run(command: Command): Promise<void> {
    try {
      await this.#supervisor.ask({ ask: 'run', job: this.#job(command) })
    } catch (error) {
      throw new Error(`${this.kind} cannot be prepared.\n${await this.#quote()}`, { cause: error })
    }
  }

  #job({ file, args, env = {} }: Command): Job {
    const { folder } = this.#place
    // Nothing of the tests' environment: a variable such as PGDATA would lead a private server to what is not its own.
    const own = { PATH: process.env.PATH ?? '', HOME: folder, LANG: 'C.UTF-8' }
    return { file, args, env: { ...own, ...env }, owner: this.#installation.owner, folder, log: this.#log }
  }

  async #serves(deadline: number): Promise<void> {
    for (;;) {
      const failure = await this.#recipe.probe(this.#place).then(
        () => undefined,
        (error: unknown) => error,
      )
      if (this.#outcome !== undefined)
        throw new Error(`${this.kind} has ended (${this.#outcome}) before it served.\n${await this.#quote()}`)
      if (failure === undefined) return
      if (performance.now() > deadline)
        throw new Error(`${this.kind} does not serve after ${this.#patience} ms.\n${await this.#quote()}`, {
          cause: failure,
        })
      await sleep(LOOK)
    }
  }

  async #quote(): Promise<string> {
    return (await this.logs()).slice(-QUOTED)
  }
}
