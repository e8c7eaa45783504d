/** The most characters of a value that an error message repeats. */
const MOST = 60

/** Characters that would break a line, vanish, or turn the text around them in a log. */
const INVISIBLE = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu

const escapeUnits = (character: string): string =>
  [...Array(character.length).keys()]
    .map(index => `\\u${character.charCodeAt(index).toString(16).padStart(4, '0')}`)
    .join('')

/** Text on one line, in double quotes, with everything invisible escaped, cut after 60 characters. */
export function quoteText(text: string): string {
  const kept = text.length <= MOST ? text : text.slice(0, MOST)
  const quoted = JSON.stringify(kept).replace(INVISIBLE, escapeUnits)
  return text.length <= MOST ? quoted : `${quoted}… (${text.length} characters)`
}

function describeObject(value: object): string {
  if (Array.isArray(value)) return 'an array'
  const maker: unknown = Object.getPrototypeOf(value)?.constructor
  const name = typeof maker === 'function' ? maker.name : ''
  return name === '' || name === 'Object' || typeof name !== 'string'
    ? 'an object'
    : `an object (${name.slice(0, MOST)})`
}

/**
 * Any value as it can stand in an error message: short, on one line, and never throwing, whatever proxy or two-megabyte
 * string it is given. The contents of objects are never shown: they may be secret.
 */
export function quote(value: unknown): string {
  if (typeof value === 'string') return quoteText(value)
  if (typeof value === 'bigint') return value < 2n ** 64n && value > -(2n ** 64n) ? `${value}n` : 'a very large bigint'
  if (typeof value === 'symbol') return 'a symbol'
  if (typeof value === 'function') return 'a function'
  if (typeof value !== 'object' || value === null) return Object.is(value, -0) ? '-0' : String(value)
  try {
    return describeObject(value)
  } catch {
    return 'an object that cannot be read'
  }
}
