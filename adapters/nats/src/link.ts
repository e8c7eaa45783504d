import { type JetStreamManager, jetstreamManager } from '@nats-io/jetstream'
import { connect, type NatsConnection, nuid } from '@nats-io/transport-node'
import type { Environment } from '@pluribus/core/driver'
import { Appender } from './appender.js'
import { closed, isUnanswered, lost, noJetStream, tooOld } from './errors.js'
import type { Names } from './names.js'
import type { ResolvedOptions } from './options.js'
import { Outlet } from './outlet.js'
import { Reader } from './reader.js'

/** The first version with direct reads and with consumers that are created by name. */
const LEAST = [2, 9, 0] as const

/** A connection to a server, for as long as it lasts: everything of one generation goes through it, and ends with it. */
export class Link {
  readonly nats: NatsConnection
  readonly manager: JetStreamManager
  /** Of what is made, and may be made again: a server (2.9) that is asked by several at once may answer one of them never. */
  readonly maker: JetStreamManager
  readonly names: Names
  readonly environment: Environment
  /** What leaves without being answered. */
  readonly outlet: Outlet
  /** Stores messages. */
  readonly appender: Appender
  readonly replicas: number
  /** Which server it is, from its start to its end. */
  readonly server: string
  /** Where our own calls come back. */
  readonly #echo: string
  /** Those that have not come back, oldest first. */
  readonly #calls: Call[] = []
  #calledAt = Number.NEGATIVE_INFINITY
  #heardAt: number
  #over: Error | undefined

  private constructor(nats: NatsConnection, managers: Managers, names: Names, parts: LinkParts) {
    this.nats = nats
    this.manager = managers.manager
    this.maker = managers.maker
    this.names = names
    this.environment = parts.environment
    this.replicas = parts.options.replicas
    this.server = nats.info?.server_id ?? ''
    this.#heardAt = parts.environment.clock.monotonic()
    this.#echo = names.echo(nuid.next())
    Reader.attach(nats)
    this.outlet = new Outlet(nats)
    this.appender = new Appender(nats, this.outlet)
    nats.subscribe(this.#echo, {
      callback: error => {
        if (error === null) this.#heard(this.#calls.shift())
      },
    })
  }

  /** One attempt. `ended`: told once, unless {@link close} was called before. */
  static async open(names: Names, parts: LinkParts, ended: (cause: unknown) => void): Promise<Link> {
    const nats = await connect(parts.options.client())
    try {
      const { version = '' } = nats.info ?? {}
      if (!isAtLeast(version, LEAST)) throw tooOld(version, LEAST.join('.'))
      const manager = await jetstreamManager(nats, { timeout: REQUEST_TIMEOUT })
      const maker = await jetstreamManager(nats, { timeout: MAKING_TIMEOUT, checkAPI: false })
      const link = new Link(nats, { manager, maker }, names, parts)
      nats.closed().then(cause => link.#end(cause, ended))
      return link
    } catch (error) {
      await nats.close()
      throw isUnanswered(error) ? noJetStream(error) : error
    }
  }

  /** Why nothing passes any more; undefined while it does. */
  get over(): Error | undefined {
    return this.#over
  }

  /** Throws where nothing passes any more. */
  check(what: string): void {
    if (this.#over !== undefined) throw this.#over
    if (this.nats.isClosed()) throw closed(what)
  }

  /**
   * When the last of the calls was sent that have come back, monotonic milliseconds: what arrives now has left the server since, however
   * long it, or this process, or the network between them has stood still.
   */
  get heardAt(): number {
    return this.#heardAt
  }

  /**
   * Calls, and does not wait until it comes back: what answers anything that is sent after it comes later. One that has just been
   * made will do.
   */
  call(): void {
    const { now } = this
    if (now - this.#calledAt > JUST_NOW) this.#call({ at: now })
  }

  /** A call should have come back: what is asked for now may be handed out to somebody who does not hear of it. */
  get isSilent(): boolean {
    const [oldest] = this.#calls
    return oldest !== undefined && this.now - oldest.at > SILENCE
  }

  /** Monotonic milliseconds. */
  get now(): number {
    return this.environment.clock.monotonic()
  }

  /**
   * Resolves when the server has read everything that was sent until now: a call has come back. The client's own `flush` would write at
   * once, and what is sent in the same turn once more.
   */
  flush(): Promise<void> {
    return new Promise((resolve, reject) => {
      this.check('flush')
      this.#call({ at: this.now, resolve, reject })
    })
  }

  async close(): Promise<void> {
    this.#over ??= closed('connection')
    await this.nats.close()
  }

  #call(call: Call): void {
    this.#calledAt = call.at
    this.#calls.push(call)
    this.nats.publish(this.#echo)
  }

  #heard(call: Call | undefined): void {
    this.#heardAt = call?.at ?? this.#heardAt
    call?.resolve?.()
  }

  #end(cause: unknown, ended: (cause: unknown) => void): void {
    const isExpected = this.#over !== undefined
    this.#over ??= lost(cause)
    this.appender.end(this.#over)
    for (const { reject } of this.#calls.splice(0)) reject?.(this.#over)
    if (!isExpected) ended(cause ?? this.#over)
  }
}

/** What a link is opened with. */
export interface LinkParts {
  readonly options: ResolvedOptions
  readonly environment: Environment
}

/** A message of this connection to itself. */
interface Call {
  /** When it was sent, monotonic milliseconds. */
  readonly at: number
  resolve?(): void
  reject?(error: Error): void
}

interface Managers {
  readonly manager: JetStreamManager
  readonly maker: JetStreamManager
}

/** A call that is no older is as good as one that is made now, in milliseconds. */
const JUST_NOW = 1
/** After so long without a call that was sent, nothing more is asked for, in milliseconds. */
const SILENCE = 250
const MAKING_TIMEOUT = 1_500
/** Longer than core waits for any call. */
const REQUEST_TIMEOUT = 15_000

function isAtLeast(version: string, least: readonly number[]): boolean {
  const parts = version.split('.').map(part => Number.parseInt(part, 10))
  for (const [index, wanted] of least.entries()) {
    const found = parts[index] ?? 0
    if (found !== wanted) return found > wanted
  }
  return true
}
