import type { Data, Handle, Item } from '../subject.ts'

/** What peers get whose messages are JSON: the bytes as text, in an object, as their users write them. */
export interface Text {
  readonly d: string
}

export const textOf = ({ data }: Item): Text => ({ d: bufferOf(data).toString('base64') })

/** The handler for such a peer. */
export const reading =
  (handle: Handle) =>
  ({ d }: Text): void | Promise<void> =>
    handle(Buffer.from(d, 'base64'))

/** The bytes, not copied: clients ask for a Buffer. */
export function bufferOf(data: Data): Buffer {
  if (!(data instanceof Uint8Array)) throw new TypeError('On servers the messages are bytes.')
  return Buffer.from(data.buffer, data.byteOffset, data.byteLength)
}
