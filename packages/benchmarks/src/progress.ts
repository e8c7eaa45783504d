/** Tells on standard error what is done, and how long the rest will take if it takes as long. */
export class Progress {
  readonly #total: number
  readonly #start = performance.now()
  #done = 0

  constructor(total: number) {
    this.#total = total
  }

  /** One more of them is done. */
  step(line: string): void {
    this.#done++
    const left = ((performance.now() - this.#start) / this.#done) * (this.#total - this.#done)
    process.stderr.write(`${this.#done}/${this.#total}, ${Math.ceil(left / 60_000)} min left: ${line}\n`)
  }
}
