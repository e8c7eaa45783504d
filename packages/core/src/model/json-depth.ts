/** The most arrays and objects inside each other. */
export const MAX_DEPTH = 512

/** How often a character occurs, on top of `before`; stops above {@link MAX_DEPTH}. */
function count(text: string, character: string, before: number): number {
  let found = before
  for (let at = text.indexOf(character); at >= 0 && found <= MAX_DEPTH; at = text.indexOf(character, at + 1)) found++
  return found
}

function exceeds(value: object, left: number): boolean {
  if (left === 0) return true
  if (Array.isArray(value)) {
    for (const item of value as readonly unknown[]) {
      if (typeof item === 'object' && item !== null && exceeds(item, left - 1)) return true
    }
    return false
  }
  for (const name in value) {
    const member = (value as Record<string, unknown>)[name]
    if (typeof member === 'object' && member !== null && exceeds(member, left - 1)) return true
  }
  return false
}

/**
 * Whether what `JSON.parse` made of a text is nested deeper than {@link MAX_DEPTH}: JSON.parse takes two million levels,
 * and everything after it overflows the stack. Text up to 1,024 characters cannot be so deep, nor can text with few
 * brackets; counting those is native code, and following the nesting is the last resort.
 */
export function isTooDeep(value: unknown, text: string): boolean {
  if (text.length <= 2 * MAX_DEPTH || typeof value !== 'object' || value === null) return false
  return count(text, '[', count(text, '{', 0)) > MAX_DEPTH && exceeds(value, MAX_DEPTH)
}
