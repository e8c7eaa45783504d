import type { Written } from '../src/call.js'

/** Arguments, out of what they are written in. */
export function entriesOf({ count, bytes: written }: Written): readonly Buffer[] {
  const bytes = Buffer.from(written as string)
  const found: Buffer[] = []
  for (let at = 0; at < bytes.length; ) {
    const begin = bytes.indexOf('\r\n', at)
    const end = begin + 2 + Number(bytes.toString('latin1', at + 1, begin))
    if (bytes[at] !== 0x24 || bytes.toString('latin1', end, end + 2) !== '\r\n')
      throw new Error(`No argument at ${at}.`)
    found.push(bytes.subarray(begin + 2, end))
    at = end + 2
  }
  if (found.length !== count) throw new Error(`${found.length} arguments, not ${count}.`)
  return found
}
