import type { Payload } from '@pluribus/core/driver'

const JSON_TYPE = /^application\/(?:[^;]+\+)?json\s*(?:;|$)/i
const strict = new TextDecoder('utf-8', { fatal: true })

/**
 * What a message carries, as JSON: itself where it is JSON, a string where it is other text, the bytes in base64 otherwise.
 *
 * JSON is passed as it was written, so that no number loses a digit, but on one line: line breaks stand between its tokens alone.
 */
export function contentOf(contentType: string, payload: Payload): { readonly encoding: string; readonly data: string } {
  const text = typeof payload === 'string' ? payload : JSON_TYPE.test(contentType) ? textOf(payload) : undefined
  if (text !== undefined && JSON_TYPE.test(contentType) && isJson(text)) {
    return { encoding: 'json', data: text.replace(/[\r\n]+/g, ' ') }
  }
  if (typeof payload === 'string') return { encoding: 'text', data: JSON.stringify(payload) }
  const bytes = Buffer.from(payload.buffer, payload.byteOffset, payload.byteLength)
  return { encoding: 'base64', data: JSON.stringify(bytes.toString('base64')) }
}

function textOf(bytes: Uint8Array): string | undefined {
  try {
    return strict.decode(bytes)
  } catch {
    return undefined
  }
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text)
    return true
  } catch {
    return false
  }
}
