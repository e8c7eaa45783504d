import { closeSync, openSync, writeSync } from 'node:fs'

const FLUSH_AT = 65_536

/** Tab-separated lines, appended in chunks. Opened at once, so that a path which does not work is known at the start. */
export class LedgerFile implements Disposable {
  readonly #descriptor: number
  #unwritten = ''

  constructor(path: string) {
    this.#descriptor = openSync(path, 'w')
  }

  /** Whatever an error says is kept on one line, and in its column. */
  write(columns: readonly string[]): void {
    this.#unwritten += `${columns.map(text => text.replace(/\s+/g, ' ')).join('\t')}\n`
    if (this.#unwritten.length >= FLUSH_AT) this.#flush()
  }

  [Symbol.dispose](): void {
    this.#flush()
    closeSync(this.#descriptor)
  }

  #flush(): void {
    writeSync(this.#descriptor, this.#unwritten)
    this.#unwritten = ''
  }
}
