/** What stands where a secret was. */
export const MASK = '***'

/** A name that has one of these in it is taken for the name of a secret. */
const SECRET_WORDS = ['pass', 'pwd', 'secret', 'token', 'credential', 'auth', 'key', 'signature', 'sasl', 'jwt', 'seed']

/** Whether an option or parameter of this name probably holds a secret. Errs on the side of yes. */
export const isSecretName = (name: string): boolean => {
  const lower = name.toLowerCase()
  return SECRET_WORDS.some(word => lower.includes(word))
}

/** What blanks and quotes separate. */
const WORD = /[^\s"'`<>]+/g
/** The end of what may be a user and a password, or a host and a port. */
const AUTHORITY_END = /[/?#,]/

/** `host:5432` has a port; `user:secret`, cut off at a blank or a quote, which a password may contain, has not. */
function looksLikeUser(word: string): boolean {
  const end = word.search(AUTHORITY_END)
  const authority = end < 0 ? word : word.slice(0, end)
  const colon = authority.startsWith('[') ? authority.indexOf(']:') + 1 : authority.indexOf(':')
  return colon > 0 && !/^\d{0,5}[.;:)]*$/.test(authority.slice(colon + 1))
}

/**
 * From the first `//` of a word to its last `@`: a password with a raw '@', '/' or '#' in it goes as a whole. Every
 * character is looked at a fixed number of times.
 */
function redactLine(line: string): string {
  let result = ''
  let from = 0
  let mayHaveAt = true
  const mask = (start: number, end: number) => {
    result += line.slice(from, start) + MASK
    from = end
  }
  WORD.lastIndex = 0
  for (let match = WORD.exec(line); match !== null; match = WORD.exec(line)) {
    const [word] = match
    const first = word.indexOf('://')
    const at = word.lastIndexOf('@')
    if (first >= 0 && at > first) mask(match.index + first + 3, match.index + at)
    const last = word.lastIndexOf('://')
    if (last < Math.max(0, at) || !looksLikeUser(word.slice(last + 3))) continue
    const later: number = mayHaveAt ? line.indexOf('@', WORD.lastIndex) : -1
    mayHaveAt = later >= 0
    mask(match.index + last + 3, mayHaveAt ? later : WORD.lastIndex)
    WORD.lastIndex = from
  }
  return result + line.slice(from)
}

const NAME = /[\w.-]{1,64}=/g
const VALUE = /"[^"]*"?|'[^']*'?|[^\s&;,"'`<>)]*/y

function redactParameters(text: string): string {
  let result = ''
  let from = 0
  NAME.lastIndex = 0
  for (let match = NAME.exec(text); match !== null; match = NAME.exec(text)) {
    if (!isSecretName(match[0])) continue
    result += text.slice(from, NAME.lastIndex) + MASK
    VALUE.lastIndex = NAME.lastIndex
    VALUE.exec(text)
    from = NAME.lastIndex = VALUE.lastIndex
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
 *
 * @example
 * ```ts
 * import { redact } from '@pluribus/core/driver'
 *
 * redact('cannot reach redis://ada:secret@localhost') // the secret is masked
 * ```
 */
export const redact = (text: string): string => redactParameters(text.split('\n').map(redactLine).join('\n'))
