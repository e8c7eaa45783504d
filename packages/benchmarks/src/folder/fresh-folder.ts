import { mkdtempSync } from 'node:fs'
import { mkdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { FreshPlace } from '../fresh-place.ts'

/** An empty folder on the disk that has the temporary files: removed before the next measurement, so that the disk does not fill. */
export class FreshFolder implements FreshPlace, AsyncDisposable {
  readonly version = undefined
  readonly #parent = mkdtempSync(join(tmpdir(), 'pluribus-bench-'))
  #made = 0

  async renew(): Promise<string> {
    await rm(this.#at(this.#made), { recursive: true, force: true })
    await mkdir(this.#at(++this.#made))
    return `file:${this.#at(this.#made)}`
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await rm(this.#parent, { recursive: true, force: true })
  }

  #at(number: number): string {
    return join(this.#parent, String(number))
  }
}
