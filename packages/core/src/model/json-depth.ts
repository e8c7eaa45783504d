/** The most arrays and objects inside each other. */
export const MAX_DEPTH = 512

const QUOTE = 34
const BACKSLASH = 92

/** The index of the quote that ends the string whose text starts at `from`. */
function endOfString(text: string, from: number): number {
  let end = text.indexOf('"', from)
  while (end > 0 && text.charCodeAt(end - 1) === BACKSLASH) {
    let first = end - 1
    while (text.charCodeAt(first - 1) === BACKSLASH) first--
    if ((end - first) % 2 === 0) break
    end = text.indexOf('"', end + 1)
  }
  return end < 0 ? text.length : end
}

function scan(text: string): boolean {
  let depth = 0
  for (let index = 0; index < text.length; index++) {
    const code = text.charCodeAt(index)
    if (code === QUOTE) index = endOfString(text, index + 1)
    // In ASCII, '[' and ']' differ from '{' and '}' by one bit.
    else if ((code | 32) === 123) {
      if (++depth > MAX_DEPTH) return true
    } else if ((code | 32) === 125) depth--
  }
  return false
}

/** Whether a character occurs more than `limit - before` times; answers the count so far. */
function count(text: string, character: string, before: number): number {
  let found = before
  for (let at = text.indexOf(character); at >= 0 && found <= MAX_DEPTH; at = text.indexOf(character, at + 1)) found++
  return found
}

/**
 * Whether valid JSON text is nested deeper than {@link MAX_DEPTH}. Text up to 1,024 characters cannot be, nor can text
 * with few enough brackets, which is much faster to count than nesting is to follow.
 */
export function isTooDeep(text: string): boolean {
  if (text.length <= 2 * MAX_DEPTH) return false
  return count(text, '[', count(text, '{', 0)) > MAX_DEPTH && scan(text)
}
