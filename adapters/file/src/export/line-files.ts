import { randomBytes } from 'node:crypto'
import { appendFile, mkdir, rename, rm, stat, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { PluribusError } from '@pluribus/core/driver'

const PRIVATE_FOLDER = 0o700
const PRIVATE_FILE = 0o600
/** Characters of lines that are kept until they are written, of all files together. */
const MOST_KEPT = 4 * 1_024 * 1_024

/**
 * Files of lines, in a folder that gets its name when all of them are written: what has the name is whole. No file is open for longer than
 * a write, however many there are.
 */
export class LineFiles {
  readonly #to: string
  readonly #unfinished: string
  /** By path: lines, and the end of each. */
  readonly #lines = new Map<string, string[]>()
  #length = 0

  private constructor(to: string, unfinished: string) {
    this.#to = to
    this.#unfinished = unfinished
  }

  /** @throws PluribusError `CONFLICT` where there is something of that name. */
  static async open(to: string): Promise<LineFiles> {
    await insistOnNothing(to)
    const unfinished = `${to}.unfinished-${randomBytes(4).toString('hex')}`
    await mkdir(unfinished, { recursive: true, mode: PRIVATE_FOLDER })
    return new LineFiles(to, unfinished)
  }

  /** @param path Of the file, with `/` between its parts, each a name that is safe. */
  add(path: string, line: string): void {
    const lines = this.#lines.get(path)
    if (lines === undefined) this.#lines.set(path, [line, '\n'])
    else lines.push(line, '\n')
    this.#length += line.length + 1
  }

  /** Writes what is too much to be kept: to be awaited often. */
  async pace(): Promise<void> {
    if (this.#length > MOST_KEPT) await this.#writeAll()
  }

  /** Writes all of it, and gives the folder its name. @param report One file more, `report.json`. */
  async finish(report: object): Promise<void> {
    await this.#writeAll()
    const text = `${JSON.stringify(report, undefined, 2)}\n`
    await writeFile(join(this.#unfinished, 'report.json'), text, { mode: PRIVATE_FILE })
    await insistOnNothing(this.#to)
    await rename(this.#unfinished, this.#to)
  }

  /** Removes what was written so far. */
  async abandon(): Promise<void> {
    this.#lines.clear()
    await rm(this.#unfinished, { recursive: true, force: true })
  }

  async #writeAll(): Promise<void> {
    for (const [path, lines] of this.#lines) {
      const file = join(this.#unfinished, ...path.split('/'))
      await mkdir(dirname(file), { recursive: true, mode: PRIVATE_FOLDER })
      await appendFile(file, lines.join(''), { mode: PRIVATE_FILE })
    }
    this.#lines.clear()
    this.#length = 0
  }
}

async function insistOnNothing(path: string): Promise<void> {
  const found = await stat(path).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined
    throw error
  })
  if (found === undefined) return
  throw new PluribusError('CONFLICT', `There is something at ${path}. Name a folder that is not there yet.`, {
    details: { path },
  })
}
