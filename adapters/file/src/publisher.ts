import type { Lane, Lifetime, OutgoingMessage, PublishException, Publisher } from '@pluribus/core/driver'
import { MessageWriter } from './codec.js'
import type { FolderLink } from './folder.js'

/** Hands messages to the folder, as it stores them. */
export class FilePublisher implements Publisher {
  readonly #link: FolderLink
  readonly #lifetime: Lifetime
  readonly #writer = new MessageWriter()
  #underway = 0
  #isResting = false
  #rested: () => void = () => {}

  constructor(link: FolderLink, lifetime: Lifetime) {
    this.#link = link
    this.#lifetime = lifetime
  }

  /** A second batch in flight would travel in the same write, and what core collects meanwhile does so as well. */
  get window(): number {
    return this.#isResting ? 0 : 1
  }

  /** Asks for no more; resolves when everything is answered. */
  async rest(): Promise<void> {
    this.#isResting = true
    if (this.#underway === 0) return
    await new Promise<void>(resolve => {
      this.#rested = resolve
    })
  }

  async publish(batch: readonly OutgoingMessage[]): Promise<readonly PublishException[]> {
    this.#lifetime.check('publish')
    this.#underway++
    try {
      return await this.#link.publish(batch.map(message => this.#writer.encode(message)))
    } finally {
      if (--this.#underway === 0) this.#rested()
    }
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
