import type { Environment, TimerHandle } from '@pluribus/core/driver'

/** A peer is quiet for so many beats before it is taken for frozen. */
const QUIET_BEATS = 5

/**
 * Notices a peer that has stopped. It counts beats in which nothing was heard, not time: a process that was asleep itself, or whose clock
 * jumped, has missed one beat, and hears next what has arrived meanwhile.
 */
export class Heartbeat {
  readonly #timers: Environment['timers']
  readonly #interval: number
  readonly #beat: (isSilent: boolean) => void
  #timer: TimerHandle | undefined
  #quiet = 0

  /**
   * @param timeout Milliseconds after which a peer that says nothing is silent.
   * @param beat Called a few times within that, for something to be sent; the last time with `true`: the peer is silent.
   */
  constructor({ timers }: Environment, timeout: number, beat: (isSilent: boolean) => void) {
    this.#timers = timers
    this.#interval = timeout / QUIET_BEATS
    this.#beat = beat
    this.#schedule()
  }

  /** Something has arrived. */
  heard(): void {
    this.#quiet = 0
  }

  stop(): void {
    if (this.#timer !== undefined) this.#timers.clearTimeout(this.#timer)
    this.#timer = undefined
  }

  #schedule(): void {
    this.#timer = this.#timers.setTimeout(() => {
      const isSilent = ++this.#quiet >= QUIET_BEATS
      if (isSilent) this.#timer = undefined
      else this.#schedule()
      this.#beat(isSilent)
    }, this.#interval)
  }
}
