import type { Environment, TimerHandle } from '../../driver/environment.js'
import type { Generation, LinkFollower } from './link.js'

/** Never more often than this, whatever an adapter asks for, in milliseconds. */
const SHORTEST = 10
/** After a failure, in milliseconds. */
const AFTER_FAILURE = 5_000

/** Calls `maintain` of each connection when it wants to be called. */
export class Housekeeping implements LinkFollower {
  readonly #environment: Environment
  #generation: Generation | undefined
  #timer: TimerHandle | undefined

  constructor(environment: Environment) {
    this.#environment = environment
  }

  up(generation: Generation): void {
    this.#generation = generation
    if (generation.connection.maintain !== undefined) this.#callIn(generation, SHORTEST)
  }

  down(): void {
    this.stop()
  }

  stop(): void {
    this.#generation = undefined
    if (this.#timer !== undefined) this.#environment.timers.clearTimeout(this.#timer)
    this.#timer = undefined
  }

  #callIn(generation: Generation, ms: number): void {
    if (this.#generation !== generation) return
    this.#timer = this.#environment.timers.setTimeout(() => void this.#call(generation), Math.max(SHORTEST, ms))
  }

  async #call(generation: Generation): Promise<void> {
    try {
      this.#callIn(generation, (await generation.connection.maintain?.()) ?? AFTER_FAILURE)
    } catch (error) {
      this.#environment.logger.warn({ error }, 'Housekeeping has failed; it is tried again.')
      this.#callIn(generation, AFTER_FAILURE)
    }
  }
}
