import { quoteText } from './quote.js'

const IDENTIFIER = /^[A-Za-z_$][\w$]{0,59}$/
/** Characters of a written path that are kept at its two ends. */
const HEAD = 120
const TAIL = 80

/** Where something is inside data, as it would be written in code: `data.items[3].price`. Short, whatever the path is. */
export function writePath(root: string, path: readonly PropertyKey[]): string {
  let text = root
  for (const key of path) {
    if (typeof key === 'string') text += IDENTIFIER.test(key) ? `.${key}` : `[${quoteText(key)}]`
    else text += typeof key === 'number' ? `[${key}]` : '[symbol]'
  }
  return text.length <= HEAD + TAIL ? text : `${text.slice(0, HEAD)} … ${text.slice(-TAIL)}`
}
