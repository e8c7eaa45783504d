import { EMPTY_HEADERS, type OutgoingMessage } from '@pluribus/core/driver'

/**
 * What retention by bytes counts of a message: its payload (text by characters), and its header names and values as UTF-8.
 *
 * Here other adapters encode the envelope into their broker's format and back. Memory keeps the message object itself:
 * core never changes it and never hands it to user code, so there is nothing to encode and nothing to copy.
 */
export function sizeOf({ size, headers }: OutgoingMessage): number {
  if (headers === EMPTY_HEADERS) return size
  let bytes = size
  for (const name in headers) bytes += Buffer.byteLength(name) + Buffer.byteLength(headers[name] as string)
  return bytes
}
