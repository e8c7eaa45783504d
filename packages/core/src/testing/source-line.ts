import type { SourceEvents, Token } from '../driver/subscriber.js'
import type { Generation } from './generation.js'
import { tell } from './tell.js'

/** The events of one source: what the inner one says reaches core only while the source and its generation live. */
export class SourceLine {
  /** For the inner source. */
  readonly innerEvents: SourceEvents
  /** For core; none of them throws. */
  readonly events: SourceEvents
  onLost: (tokens: readonly Token[]) => void = () => {}
  #isOver = false

  constructor(core: SourceEvents, generation: Generation) {
    const isHeard = () => !this.#isOver && generation.isHeard
    this.events = {
      wake: () => tell(() => core.wake()),
      lost: tokens => tell(() => core.lost(tokens)),
      ended: cause => tell(() => core.ended(cause)),
    }
    this.innerEvents = {
      wake: () => isHeard() && this.events.wake(),
      lost: tokens => {
        if (!isHeard()) return
        this.onLost(tokens)
        this.events.lost(tokens)
      },
      ended: cause => isHeard() && this.end(cause),
    }
  }

  get isOver(): boolean {
    return this.#isOver
  }

  /** Tells core, once. */
  end(cause: unknown): void {
    if (this.#isOver) return
    this.#isOver = true
    this.events.ended(cause)
  }

  /** Core closed it. */
  close(): void {
    this.#isOver = true
  }
}
