import { bareHeaders } from './codec.js'
import type { Link } from './link.js'

/** How long what was read is believed, in milliseconds: clocks drift. */
const AGE = 60_000

/** The server's time: something is stored, and when says the server. Never ahead of the truth. */
export class ServerClock {
  readonly #link: Link
  #offset = 0
  #readAt = Number.NEGATIVE_INFINITY
  #reading: Promise<void> | undefined

  constructor(link: Link) {
    this.#link = link
  }

  /** Resolves when {@link now} can be asked. */
  async ready(): Promise<void> {
    if (this.#monotonic - this.#readAt < AGE) return
    this.#reading ??= this.#read().finally(() => {
      this.#reading = undefined
    })
    await this.#reading
  }

  /** In milliseconds since the epoch. */
  get now(): number {
    return this.#monotonic + this.#offset
  }

  get #monotonic(): number {
    return this.#link.environment.clock.monotonic()
  }

  async #read(): Promise<void> {
    const { appender, manager, names } = this.#link
    const { positions } = await appender.append([{ subject: names.clock, headers: bareHeaders({}), payload: '' }], true)
    const answered = this.#monotonic
    const found = await manager.direct.getMessage(names.registry, { seq: positions[0] ?? 0 })
    // Somebody else has stored a newer one.
    if (found === null) return this.#read()
    this.#offset = found.time.getTime() - answered
    this.#readAt = answered
  }
}
