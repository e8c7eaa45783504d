import type { Logger, PublishException } from '@pluribus/core/driver'
import { closed, explained, otherSettings } from '../errors.js'
import type { DeadEntry, Folder, FolderLink, HandedMessage, LinkMethod } from '../folder.js'
import { failureData } from '../socket/failure.js'
import type { PlainValue } from '../socket/plain-value.js'
import type { Method, Peer, Service, Session } from '../socket/service.js'
import { LINK_METHODS } from './link-methods.js'
import { Portions } from './portions.js'

/** What is shared with other processes. */
export interface SharedFolder {
  readonly path: string
  readonly folder: Folder
  /** Milliseconds: those who connect have the same. */
  readonly window: number
  readonly logger: Logger
}

/** Lets other processes use a folder: `connect`, the methods of `FolderLink` with the number of a connection before their arguments, and `next`. */
export const folderService =
  (shared: SharedFolder): Service =>
  peer =>
    new FolderSession(shared, peer)

/** One process that uses the folder, with its connections. Its calls are of its own version: the greeting sees to that. */
class FolderSession implements Session {
  readonly methods: Readonly<Record<string, Method>>
  readonly #shared: SharedFolder
  readonly #peer: Peer
  readonly #links = new Map<number, FolderLink>()
  readonly #portions = new Portions()
  #lastLink = 0
  #isOver = false

  constructor(shared: SharedFolder, peer: Peer) {
    this.#shared = shared
    this.#peer = peer
    this.methods = {
      connect: argument => this.#connect(argument as [instance: string, window: number]),
      next: ticket => this.#portions.next(ticket as number),
      ...Object.fromEntries(LINK_METHODS.map(name => [name, (argument: PlainValue) => this.#call(name, argument)])),
    }
  }

  closed(): void {
    this.#isOver = true
    for (const link of this.#links.values()) this.#closeLink(link)
    this.#links.clear()
  }

  async #connect([instance, window]: [instance: string, window: number]): Promise<number> {
    const { folder, path } = this.#shared
    if (window !== this.#shared.window) throw otherSettings(path)
    const number = ++this.#lastLink
    const link = await folder.connect(
      { instance, isGuest: true },
      {
        wake: source => this.#peer.push('wake', [number, source]),
        ended: (source, cause) => this.#peer.push('ended', [number, source, failureData(explained(cause))]),
        leaving: () => this.#peer.push('leaving', [number]),
        lost: cause => {
          this.#links.delete(number)
          this.#peer.push('lost', [number, failureData(explained(cause))])
        },
      },
    )
    if (this.#isOver) this.#closeLink(link)
    else this.#links.set(number, link)
    return number
  }

  #closeLink(link: FolderLink): void {
    const { logger } = this.#shared
    link.close().catch(error => logger.warn({ error }, 'A connection of another process could not be closed.'))
  }

  async #call(name: LinkMethod, argument: PlainValue): Promise<PlainValue> {
    const [number, ...rest] = argument as [number, ...PlainValue[]]
    const link = this.#links.get(number)
    if (link === undefined) throw closed(name)
    if (name === 'close') this.#links.delete(number)
    const method = link[name] as (...rest: readonly PlainValue[]) => Promise<unknown>
    return this.#asData(name, await method.apply(link, rest))
  }

  #asData(name: LinkMethod, result: unknown): PlainValue {
    if (name === 'publish') return (result as readonly PublishException[]).map(exceptionData)
    if (name === 'deadLetters') {
      return this.#portions.offer(result as readonly DeadEntry[], ({ message, death }) => message.length + death.length)
    }
    if (name !== 'pull') return result as PlainValue
    const { deliveries, ...others } = result as { readonly deliveries: readonly HandedMessage[] }
    return { ...others, deliveries: this.#portions.offer(deliveries, ({ bytes }) => bytes.length) }
  }
}

const exceptionData = (exception: PublishException): PlainValue =>
  exception.kind === 'failed' ? { ...exception, error: failureData(explained(exception.error)) } : { ...exception }
