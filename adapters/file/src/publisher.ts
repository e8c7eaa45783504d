import type { Lane, Lifetime, OutgoingMessage, PublishException, Publisher } from '@pluribus/core/driver'
import { MessageWriter } from './codec.js'
import type { Farewell } from './farewell.js'
import type { FolderLink } from './folder.js'

/** Hands messages to the folder, as it stores them. */
export class FilePublisher implements Publisher {
  readonly #link: FolderLink
  readonly #lifetime: Lifetime
  readonly #farewell: Farewell
  readonly #writer = new MessageWriter()

  constructor(link: FolderLink, lifetime: Lifetime, farewell: Farewell) {
    this.#link = link
    this.#lifetime = lifetime
    this.#farewell = farewell
  }

  get window(): number {
    return this.#farewell.isSaid ? 0 : this.#link.window
  }

  async publish(batch: readonly OutgoingMessage[]): Promise<readonly PublishException[]> {
    this.#lifetime.check('publish')
    return this.#farewell.follow(this.#link.publish(batch.map(message => this.#writer.encode(message))))
  }

  async publishSequenced(lane: Lane, first: number, batch: readonly OutgoingMessage[]): Promise<number> {
    this.#lifetime.check('publishSequenced')
    return this.#link.publishSequenced(
      lane,
      first,
      batch.map(message => this.#writer.encode(message)),
    )
  }

  async position(lane: Lane): Promise<number> {
    this.#lifetime.check('position')
    return this.#link.position(lane.name)
  }
}
