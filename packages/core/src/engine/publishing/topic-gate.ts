import type { Declarations, KnownTopics } from '../connection/declarations.js'
import type { Generation } from '../connection/link.js'
import type { Batch } from './batch.js'
import type { Submission } from './submission.js'

/** What waits to be sent. */
export interface Waiting {
  readonly again: readonly Batch[]
  readonly pending: readonly Submission[]
}

/** Sees to it that the topics of what is sent exist on the generation that it is sent on. */
export class TopicGate {
  readonly #topics: KnownTopics
  readonly #declarations: Declarations
  #declaringOn: Generation | undefined
  /** One of several topics cannot be declared: one at a time then, so that it fails alone. */
  #isOneByOne = false

  constructor(topics: KnownTopics, declarations: Declarations) {
    this.#topics = topics
    this.#declarations = declarations
  }

  /** A declaration is under way. */
  get isClosed(): boolean {
    return this.#declaringOn !== undefined
  }

  /** The generation is gone, and with it every answer that was awaited. */
  reset(): void {
    this.#declaringOn = undefined
  }

  admits(generation: Generation, { again, pending }: Waiting): boolean {
    // The common case, one call at a time, costs one look.
    if (again.length === 0 && pending.length === 1) {
      return this.#declarations.has((pending[0] as Submission).topic, generation)
    }
    return this.#missing(generation, { again, pending }).length === 0
  }

  /** Declares what is missing; answers the names. `failed` gets the adapter's native error. */
  declare(
    generation: Generation,
    waiting: Waiting,
    done: () => void,
    failed: (error: unknown) => void,
  ): readonly string[] {
    const missing = this.#missing(generation, waiting)
    const names = this.#isOneByOne ? missing.slice(0, 1) : missing
    this.#declaringOn = generation
    const specs = names.flatMap(name => this.#topics.specOf(name) ?? [])
    this.#declarations.declare(generation, specs, []).then(
      () => {
        if (this.#end(generation)) done()
      },
      error => {
        if (!this.#end(generation)) return
        this.#isOneByOne = names.length > 1
        failed(error)
      },
    )
    return names
  }

  /** Whether the answer is still awaited. */
  #end(generation: Generation): boolean {
    if (this.#declaringOn !== generation) return false
    this.#declaringOn = undefined
    return true
  }

  #missing(generation: Generation, { again, pending }: Waiting): string[] {
    const missing = new Set<string>()
    let last = ''
    const look = ({ topic }: Submission) => {
      if (topic === last) return
      last = topic
      if (!this.#declarations.has(topic, generation)) missing.add(topic)
    }
    for (const { spans } of again) for (const { submission } of spans) look(submission)
    for (const submission of pending) look(submission)
    return [...missing]
  }
}
