import type { ConnectionOptions } from 'node:tls'
import { Redis } from 'ioredis'
import { type Argument, Call, type Written } from './call.js'
import { advised, bare } from './errors.js'
import type { Script } from './scripts/script.js'

/** Where a server is, and who asks. */
export interface Endpoint {
  readonly host: string
  readonly port: number
  readonly db: number
  readonly username?: string
  readonly password?: string
  readonly tls?: ConnectionOptions
}

/** What scripts have in place of a time, which tests alone give: see CLOCK. */
const SERVERS_TIME = ''

/** Hears what is said on a channel. */
type Listener = (said: Buffer) => void

/**
 * One generation of the link to a server: a socket for commands, and one on which wake-ups and hand-overs come (a server cuts off whoever
 * listens and is slow to read large replies). Both break together, and nothing is mended or sent again: that is core's.
 */
export class Link {
  readonly #commands: Socket
  readonly #wakes: Socket
  readonly #listeners = new Map<string, Set<Listener>>()
  readonly #lost: (cause: unknown) => void
  #over = false

  private constructor(endpoint: Endpoint, lost: (cause: unknown) => void) {
    this.#lost = lost
    this.#commands = new Socket(endpoint, cause => this.#break(cause))
    this.#wakes = new Socket(endpoint, cause => this.#break(cause))
    this.#wakes.redis.on('messageBuffer', (channel: Buffer, said: Buffer) => {
      for (const listener of [...(this.#listeners.get(channel.toString()) ?? [])]) listener(said)
    })
  }

  /** One attempt. Rejects with what the socket or the server said. `lost`: told once that it has broken, having been open. */
  static async open(endpoint: Endpoint, lost: (cause: unknown) => void): Promise<Link> {
    const link = new Link(endpoint, lost)
    try {
      await Promise.all([link.#commands.connect(), link.#wakes.connect()])
      return link
    } catch (error) {
      link.close()
      throw error
    }
  }

  /**
   * Runs a script, by the server's clock; teaches it to the server where that does not know it. `written` come behind the other
   * arguments. Replies have bytes where they have text.
   */
  async run(
    script: Script,
    keys: readonly string[],
    args: readonly Argument[],
    written?: Written,
  ): Promise<readonly unknown[]> {
    const call = (command: string, what: string) =>
      this.call(command, [what, keys.length, ...keys, SERVERS_TIME, ...args], written)
    try {
      return (await call('evalsha', script.sha)) as readonly unknown[]
    } catch (error) {
      if (!(error instanceof Error && error.message.startsWith('NOSCRIPT'))) throw error
      return (await call('eval', script.text)) as readonly unknown[]
    }
  }

  /** A command, as it is. Replies have bytes where they have text. */
  async call(name: string, args: readonly Argument[], written?: Written): Promise<unknown> {
    try {
      return await this.#commands.redis.sendCommand(new Call(name, args, written))
    } catch (error) {
      throw advised(bare(error))
    }
  }

  /** Hears of a channel from when this has resolved on. */
  async listen(channel: string, listener: Listener): Promise<void> {
    const listeners = this.#listeners.get(channel) ?? new Set()
    this.#listeners.set(channel, listeners.add(listener))
    await this.#wakes.redis.subscribe(channel)
  }

  /** Hears no more of it. */
  unlisten(channel: string, listener: Listener): void {
    const listeners = this.#listeners.get(channel)
    listeners?.delete(listener)
    if (listeners?.size !== 0 || this.#over) return
    this.#listeners.delete(channel)
    // It fails with the link, and then there is nothing left to hear.
    this.#wakes.redis.unsubscribe(channel).catch(() => {})
  }

  /** Whether wake-ups still come: nothing else is asked on their socket, so that nobody would notice. */
  async ping(): Promise<void> {
    await this.#wakes.redis.ping()
  }

  close(): void {
    this.#over = true
    this.#listeners.clear()
    this.#commands.redis.disconnect()
    this.#wakes.redis.disconnect()
  }

  #break(cause: unknown): void {
    if (this.#over) return
    this.close()
    this.#lost(cause)
  }
}

/** A client with one socket. Nothing that it does by itself is wanted: not reconnecting, not sending again, not queueing. */
class Socket {
  readonly redis: Redis
  #isOpen = false
  #cause: unknown

  /** `broken`: told when it has ended, having been open. */
  constructor(endpoint: Endpoint, broken: (cause: unknown) => void) {
    this.redis = new Redis({
      ...endpoint,
      protocol: 2,
      lazyConnect: true,
      retryStrategy: () => null,
      autoResendUnfulfilledCommands: false,
      autoResubscribe: false,
      enableOfflineQueue: false,
      enableReadyCheck: false,
      maxRetriesPerRequest: null,
      disableClientInfo: true,
    })
    this.redis.on('error', error => {
      this.#cause = bare(error)
    })
    this.redis.on('end', () => {
      if (this.#isOpen) broken(this.#cause ?? new Error('Connection is closed.'))
    })
  }

  async connect(): Promise<void> {
    try {
      await this.redis.connect()
    } catch (error) {
      // What it rejects with is mostly that it is closed; why, it has said before.
      throw this.#cause ?? bare(error)
    }
    this.#isOpen = true
  }
}
