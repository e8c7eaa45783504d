/** Something to wait at until it is opened. It stays open. */
export class Gate {
  #open: () => void = () => {}
  /** Resolves when the gate is opened. */
  readonly opened: Promise<void> = new Promise(resolve => {
    this.#open = resolve
  })
  #waiting = 0

  /** How many have come to it while it was closed. */
  get arrived(): number {
    return this.#waiting
  }

  /** What a behaviour awaits. */
  async pass(): Promise<void> {
    this.#waiting++
    await this.opened
  }

  open(): void {
    this.#open()
  }
}
