import type { Environment } from '../../driver/environment.js'
import type { OutgoingMessage } from '../../driver/message.js'
import { PluribusError } from '../../errors/pluribus-error.js'
import type { Capable } from '../requirements.js'
import type { Batch } from './batch.js'
import type { Submission } from './submission.js'

interface DoubtsParts {
  /** What the server gives that the messages were sent to, also when it is gone. */
  readonly capable: () => Capable
  readonly environment: Environment
}

interface Doubtful {
  readonly batch: Batch
  readonly error: PluribusError
}

/** What {@link Doubts.resolve} has decided. */
export interface Resolved {
  /** What is to be sent again, in the order in which it was first sent. */
  readonly repeats: readonly Batch[]
  /** Why the latest one has to be sent again. */
  readonly error: PluribusError | undefined
}

/** Batches whose fate is unknown: what the broker would recognise is sent again, the rest fails as unknown. */
export class Doubts {
  readonly #parts: DoubtsParts
  #doubtful: Doubtful[] = []

  constructor(parts: DoubtsParts) {
    this.#parts = parts
  }

  get isEmpty(): boolean {
    return this.#doubtful.length === 0
  }

  add(batch: Batch, error: PluribusError): void {
    this.#doubtful.push({ batch, error })
  }

  /** Answers what is in doubt, and forgets it. */
  take(): readonly Batch[] {
    const taken = this.#doubtful.map(({ batch }) => batch)
    this.#doubtful = []
    return taken
  }

  resolve(): Resolved {
    const doubtful = this.#doubtful.sort((a, b) => a.batch.order - b.batch.order)
    this.#doubtful = []
    const repeats = doubtful.flatMap(({ batch, error }) => this.#decide(batch, error) ?? [])
    return { repeats, error: doubtful.at(-1)?.error }
  }

  #decide(batch: Batch, error: PluribusError): Batch | undefined {
    const isDefinite = error.outcome === 'definite' && !batch.isRepeat
    const now = this.#parts.environment.clock.monotonic()
    const isAgain = (submission: Submission, index: number) =>
      !isDefinite &&
      error.retryable &&
      now < this.limitOf(submission) &&
      this.#recognised(submission.messages[index] as OutgoingMessage)
    const repeat = batch.repeat(isAgain)
    batch.each((submission, index, place) => {
      if (isAgain(submission, index)) return
      submission.failed(index, isDefinite ? error : inDoubt(error, batch.messages[place] as OutgoingMessage))
    })
    return repeat
  }

  /** Up to when it may be sent again: once the broker has forgotten the id, it would store it twice. */
  limitOf({ since, deadline }: Submission): number {
    const { deduplication } = this.#parts.capable().capabilities
    return deduplication === 'none' ? deadline : Math.min(deadline, since + deduplication.window)
  }

  #recognised(message: OutgoingMessage): boolean {
    const { deduplication } = this.#parts.capable().capabilities
    return deduplication !== 'none' && (message.idSupplied || deduplication.ids === 'all')
  }
}

/** The error of a message that may be stored. */
export function inDoubt(error: PluribusError, { id }: OutgoingMessage): PluribusError {
  const { code, retryable, details } = error
  const said = error.message.replace(/\.?( Publish again later\.)?$/, '')
  const text = `${said}. The message may be stored: publishing it again with id ${id} loses nothing.`
  return new PluribusError(code, text, { cause: error, retryable, details, outcome: 'unknown' })
}
