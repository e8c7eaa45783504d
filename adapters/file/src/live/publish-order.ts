import { NO_EXCEPTIONS, type PublishException } from '@pluribus/core/driver'

/** Those that are on their way to the disk together: all of them are stored, or none. */
interface Flight {
  /** Of the batches that the log had begun to write when they were given to it. */
  readonly sealed: number
  unanswered: number
  /** What one of them has failed with. */
  failure: { readonly error: unknown } | undefined
}

/** Stores the messages of one call; tells what is not stored because of the disk, or for want of room. */
export type Store = (failed: (error: unknown) => void) => Promise<readonly PublishException[]>

/**
 * The publishes of one connection in their order: one that fails fails those that came behind it before that was known, so that nothing
 * is stored that should stand behind it. Those that get into one batch of the log share its fate; the next one waits until that is known,
 * which costs nothing: the log begins its next batch a turn after it has told of the last.
 */
export class PublishOrder {
  readonly #log: { readonly sealed: number }
  #flight: Flight | undefined
  /** What came later, in order: told what those before have failed with. */
  #waiting: ((failure: Flight['failure']) => void)[] = []

  constructor(log: { readonly sealed: number }) {
    this.#log = log
  }

  /** @param count Of its messages. */
  publish(count: number, store: Store): Promise<readonly PublishException[]> {
    const isFree = this.#waiting.length === 0 && (this.#flight?.sealed ?? this.#log.sealed) === this.#log.sealed
    if (isFree) return this.#send(store)
    return new Promise(resolve => {
      this.#waiting.push(failure =>
        resolve(failure === undefined ? this.#send(store) : allFailed(count, failure.error)),
      )
    })
  }

  async #send(store: Store): Promise<readonly PublishException[]> {
    this.#flight ??= { sealed: this.#log.sealed, unanswered: 0, failure: undefined }
    const flight = this.#flight
    flight.unanswered++
    const failed = (error: unknown) => {
      flight.failure ??= { error }
    }
    try {
      return await store(failed)
    } catch (error) {
      failed(error)
      throw error
    } finally {
      if (--flight.unanswered === 0) this.#land(flight.failure)
    }
  }

  #land(failure: Flight['failure']): void {
    this.#flight = undefined
    const waiting = this.#waiting
    this.#waiting = []
    for (const go of waiting) go(failure)
  }
}

const allFailed = (count: number, error: unknown): readonly PublishException[] =>
  count === 0
    ? NO_EXCEPTIONS
    : Array.from({ length: count }, (_, index) => ({ index, kind: 'failed', outcome: 'definite', error }))
