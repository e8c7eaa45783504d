/** What stands where a secret was. */
export const MASK = '***'

/** A name that has one of these in it is taken for the name of a secret. */
const SECRET_WORDS = ['pass', 'pwd', 'secret', 'token', 'credential', 'auth', 'key', 'signature', 'sasl', 'jwt', 'seed']

/** Whether an option or parameter of this name probably holds a secret. Errs on the side of yes. */
export const isSecretName = (name: string): boolean => {
  const lower = name.toLowerCase()
  return SECRET_WORDS.some(word => lower.includes(word))
}

const isSpace = (character: string): boolean => character === '' || /\s/.test(character)
const isNameCharacter = (character: string): boolean => /[\w.-]/.test(character)

function endOfWord(text: string, from: number, stops: string): number {
  let index = from
  while (index < text.length && !isSpace(text[index] as string) && !stops.includes(text[index] as string)) index++
  return index
}

/** `host:5432` has a port; `user:secret` cut off at a blank or a quote, which a password may contain, has not. */
function looksLikeUser(word: string): boolean {
  const authority = word.slice(0, endOfWord(word, 0, '/?#'))
  const colon = authority.startsWith('[') ? authority.indexOf(']:') + 1 : authority.indexOf(':')
  return colon > 0 && !/^\d{0,5}[,.;:)]*$/.test(authority.slice(colon + 1).split(',')[0] as string)
}

/** Where the credentials of the URL end whose `//` ends at `from`: the index of the `@`, or the end of what must go; or -1. */
function endOfCredentials(text: string, from: number): number {
  const end = endOfWord(text, from, '"\'`<>')
  // The last one: a password with a raw '@', '/' or '#' in it must go as a whole.
  const at = text.lastIndexOf('@', end - 1)
  if (at >= from) return at
  if (!looksLikeUser(text.slice(from, end))) return -1
  const line = text.indexOf('\n', from)
  const later = text.indexOf('@', end)
  return later >= 0 && (line < 0 || later < line) ? later : end
}

function redactUrls(text: string): string {
  let result = ''
  let from = 0
  for (let start = text.indexOf('://'); start >= 0; start = text.indexOf('://', from)) {
    const end = endOfCredentials(text, start + 3)
    result += text.slice(from, start + 3)
    from = start + 3
    if (end >= 0) {
      result += MASK
      from = end
    }
  }
  return result + text.slice(from)
}

function endOfValue(text: string, from: number): number {
  const first = text[from]
  if (first !== '"' && first !== "'") return endOfWord(text, from, '&;,"\'`<>)')
  const closing = text.indexOf(first, from + 1)
  return closing < 0 ? text.length : closing + 1
}

/** The longest name before a '=' that is looked at. */
const LONGEST_NAME = 64

function redactParameters(text: string): string {
  let result = ''
  let from = 0
  for (let equals = text.indexOf('='); equals >= 0; equals = text.indexOf('=', Math.max(from, equals + 1))) {
    let start = equals
    while (start > from && equals - start < LONGEST_NAME && isNameCharacter(text[start - 1] as string)) start--
    if (!isSecretName(text.slice(start, equals))) continue
    result += `${text.slice(from, equals + 1)}${MASK}`
    from = endOfValue(text, equals + 1)
  }
  return result + text.slice(from)
}

/**
 * Text without the secrets that URLs and connection strings in it carry: user and password of `scheme://…@`, and the
 * values of parameters such as `password=` and `token=`. For the messages of native errors. Takes time in proportion to the
 * text, and rather masks too much than too little.
 *
 * @example
 * ```ts
 * import { redact } from '@pluribus/core/driver'
 *
 * redact('cannot reach redis://app:s3cret@localhost:6379') // 'cannot reach redis://***@localhost:6379'
 * ```
 */
export const redact = (text: string): string => redactParameters(redactUrls(text))
