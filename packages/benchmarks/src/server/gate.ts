/** What a consuming loop awaits before each round: open, or closed while the consumer is paused. */
export class Gate {
  #passing: Promise<void> | undefined
  #open: () => void = () => {}

  /** Undefined while it is open, so that who does not have to wait does not wait. */
  get passing(): Promise<void> | undefined {
    return this.#passing
  }

  close(): void {
    this.#passing ??= new Promise(resolve => {
      this.#open = resolve
    })
  }

  open(): void {
    this.#passing = undefined
    this.#open()
  }
}
