import type { Environment } from '@pluribus/core/driver'
import { folderClosed } from '../errors.js'
import type { FolderClient, FolderEvents, FolderLink } from '../folder.js'
import type { JoinedFolder } from '../joined-folder.js'
import { decodeFailure } from '../socket/failure.js'
import type { PlainValue } from '../socket/plain-value.js'
import type { SocketClient } from '../socket/socket-client.js'
import type { Portioned } from './portions.js'
import { RemoteLink } from './remote-link.js'

/** What a folder is used with that another process leads. */
export interface FollowedFolderOptions {
  readonly client: SocketClient
  readonly environment: Pick<Environment, 'timers'>
  /** Milliseconds for which supplied ids are remembered: as the leader has it. */
  readonly window: number
}

/** A folder that another process leads. One socket carries the connections of this one. */
export class FollowedFolder implements JoinedFolder {
  readonly over: Promise<void>
  readonly #options: FollowedFolderOptions
  readonly #links = new Map<number, RemoteLink>()
  #connecting = 0
  #isOver = false
  #ended: () => void = () => {}
  #fetching: Promise<unknown> = Promise.resolve()

  constructor(options: FollowedFolderOptions) {
    this.#options = options
    this.over = new Promise(resolve => {
      this.#ended = resolve
    })
  }

  get isOver(): boolean {
    return this.#isOver
  }

  async connect({ instance }: FolderClient, events: FolderEvents): Promise<FolderLink> {
    const { client, window } = this.#options
    this.#connecting++
    try {
      const number = (await client.call('connect', [instance, window])) as number
      if (this.#isOver) throw folderClosed()
      const link = new RemoteLink({
        ...{ number, events },
        call: (method, argument) => client.call(method, argument),
        fetch: portioned => this.#fetch(portioned),
        left: () => this.#leave(number),
      })
      this.#links.set(number, link)
      return link
    } finally {
      this.#connecting--
      this.#closeIfUnused()
    }
  }

  /** Something that the leader was not asked for. It comes after the answers that were sent before it: those who wait for them go first. */
  push(name: string, argument: PlainValue): void {
    const { timers } = this.#options.environment
    timers.setImmediate(() => this.#hear(name, argument as readonly PlainValue[]))
  }

  /** The connection to the leader has ended. */
  lose(cause: unknown): void {
    this.#isOver = true
    for (const link of this.#links.values()) link.lose(cause)
    this.#links.clear()
    this.#ended()
  }

  close(): Promise<void> {
    this.#isOver = true
    for (const link of this.#links.values()) link.lose(folderClosed())
    this.#links.clear()
    this.#options.client.close()
    return this.over
  }

  #hear(name: string, [number, ...rest]: readonly PlainValue[]): void {
    const link = this.#links.get(number as number)
    if (name === 'wake') link?.events.wake(rest[0] as number)
    else if (name === 'ended') link?.events.ended(rest[0] as number, decodeFailure(rest[1]))
    else if (name === 'leaving') link?.events.leaving()
    else if (name === 'lost') {
      this.#links.delete(number as number)
      link?.lose(decodeFailure(rest[0]))
      this.#closeIfUnused()
    }
  }

  async #leave(number: number): Promise<void> {
    this.#links.delete(number)
    // Where the leader cannot be told, it is told by the end of the socket.
    if (this.#isUsed) await this.#options.client.call('close', [number]).catch(() => this.#options.client.close())
    else await this.close()
  }

  get #isUsed(): boolean {
    return this.#links.size + this.#connecting > 0
  }

  /** What nobody uses does not keep the process. */
  #closeIfUnused(): void {
    if (!this.#isUsed && !this.#isOver) void this.close()
  }

  /** What is large comes one portion at a time, whoever asks: the leader would cut off a process for which too much waits. */
  async #fetch(portioned: Portioned): Promise<readonly PlainValue[]> {
    if ('items' in portioned) return portioned.items
    const { ticket, portions } = portioned
    const fetched = this.#fetching.then(async () => {
      const items: PlainValue[] = []
      for (let portion = 0; portion < portions; portion++) {
        items.push(...((await this.#options.client.call('next', ticket)) as readonly PlainValue[]))
      }
      return items
    })
    this.#fetching = fetched.catch(() => {})
    return fetched
  }
}
