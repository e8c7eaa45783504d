import type { LiveSource } from './live-source.js'
import type { LocalLink } from './local-link.js'

/** The connections to a folder: those of the process that leads it, and those of its guests, the other processes. */
export class Links {
  readonly #links = new Set<LocalLink>()
  /** Sources of this process that went without goodbye. */
  #owed: LiveSource[] = []
  #guestsGone: () => void = () => {}

  get hasGuests(): boolean {
    for (const { isGuest } of this.#links) if (isGuest) return true
    return false
  }

  add(link: LocalLink): void {
    this.#links.add(link)
  }

  /**
   * One is closed, and has left sources open. Answers whether the folder may be closed: none of this process is left, and none is to come
   * back for what it holds. While the folder is open, that stays leased.
   */
  leave(link: LocalLink, sources: readonly LiveSource[]): boolean {
    this.#links.delete(link)
    if (!this.hasGuests) this.#guestsGone()
    if (!link.isGuest) this.#owed.push(...sources)
    this.#owed = this.#owed.filter(({ isHolding }) => isHolding)
    for (const { isGuest } of this.#links) if (!isGuest) return false
    return this.#owed.length === 0
  }

  /** Tells the guests that the folder is about to be closed. Resolves when they have gone. */
  announce(): Promise<void> {
    const gone = new Promise<void>(resolve => {
      this.#guestsGone = resolve
    })
    for (const link of [...this.#links]) if (link.isGuest) link.announce()
    return gone
  }

  /** All of them are over. */
  lose(cause: unknown): void {
    for (const link of [...this.#links]) link.lose(cause)
    this.#links.clear()
  }
}
