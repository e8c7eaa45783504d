const MOST = 4_096

/** Hands out the same string for equal ones, as far as it remembers: keys come back, and each would be kept with its message. */
export class OneOfEach {
  readonly #known = new Map<string, string>()

  one(text: string): string
  one(text: string | undefined): string | undefined
  one(text: string | undefined): string | undefined {
    if (text === undefined) return undefined
    const known = this.#known.get(text)
    if (known !== undefined) return known
    if (this.#known.size === MOST) this.#known.clear()
    this.#known.set(text, text)
    return text
  }
}
