import { appendFileSync, existsSync, readFileSync } from 'node:fs'
import type { Mutant } from './mutants.ts'
import type { Fate } from './run-mutant.ts'

const keyOf = ({ file, start, end, text }: Mutant): string => JSON.stringify([file, start, end, text])

/** A file with a line for each mutant that has been judged: a run of an hour that is interrupted goes on from there. */
export class FateLog {
  readonly #path: string | undefined
  readonly #known = new Map<string, Fate>()

  constructor(path: string | undefined) {
    this.#path = path
    if (path === undefined || !existsSync(path)) return
    // An interrupted run may have left half a line, which is judged again.
    const lines = readFileSync(path, 'utf8').split('\n').slice(0, -1)
    for (const fate of lines.map(line => JSON.parse(line) as Fate)) this.#known.set(keyOf(fate.mutant), fate)
  }

  of(mutant: Mutant): Fate | undefined {
    return this.#known.get(keyOf(mutant))
  }

  add(fate: Fate): void {
    if (this.#path !== undefined) appendFileSync(this.#path, `${JSON.stringify(fate)}\n`)
  }
}
