/**
 * Calls made in one turn of the loop travel together, under one promise: what every hand-written publisher of single messages
 * does once it has been measured.
 *
 * @example
 * ```ts
 * const outbox = new Coalescer<Uint8Array>(batch => store(batch))
 * await Promise.all([outbox.add(one), outbox.add(other)]) // one call of store
 * ```
 */
export class Coalescer<Value> {
  readonly #send: (batch: readonly Value[]) => Promise<unknown>
  #waiting: Value[] = []
  #sent: Promise<unknown> | undefined

  constructor(send: (batch: readonly Value[]) => Promise<unknown>) {
    this.#send = send
  }

  /** Resolves when it is stored, together with all that came in the same turn. */
  add(value: Value): Promise<unknown> {
    this.#waiting.push(value)
    this.#sent ??= Promise.resolve().then(() => this.#flush())
    return this.#sent
  }

  #flush(): Promise<unknown> {
    const batch = this.#waiting
    this.#waiting = []
    this.#sent = undefined
    return this.#send(batch)
  }
}
