import { createHash } from 'node:crypto'

/** Lua as it stands, backslashes included. */
export const lua = String.raw

/** A script as the server runs it: in one step, or not at all. */
export interface Script {
  readonly name: string
  readonly text: string
  /** What the server knows it by. */
  readonly sha: string
}

/**
 * Makes a script of parts.
 *
 * `allow-oom` for those that consumers run: where memory is full, settling is what empties it. Publishing has none, and is
 * refused by the server before it begins.
 */
export function script(name: string, flags: 'allow-oom' | 'no-writes' | '', ...parts: readonly string[]): Script {
  const head = flags === '' ? '#!lua' : `#!lua flags=${flags}`
  const text = `${head}\n${parts.join('\n')}`
  return Object.freeze({ name, text, sha: createHash('sha1').update(text).digest('hex') })
}
