import type { Socket } from 'node:net'
import { deserialize, serialize } from 'node:v8'

/** An error on its way. */
export interface Told {
  readonly code: string
  readonly message: string
}

/** A call, an answer to one, or something that a source says. */
export type Frame =
  | { readonly call: number; readonly on: string | number; readonly method: string; readonly args: readonly unknown[] }
  | { readonly answer: number; readonly value: unknown }
  | { readonly answer: number; readonly error: Told }
  | { readonly source: number; readonly says: 'wake' | 'lost' | 'ended'; readonly what: unknown }

/** Frames are a length of four bytes, and what v8 serialises. */
export function send(socket: Socket, frame: Frame): void {
  const body = serialize(frame)
  const head = Buffer.alloc(4)
  head.writeUInt32BE(body.length)
  socket.write(Buffer.concat([head, body]))
}

export function receive(socket: Socket, hear: (frame: Frame) => void): void {
  let rest = Buffer.alloc(0)
  socket.on('data', chunk => {
    rest = Buffer.concat([rest, chunk])
    while (rest.length >= 4 && rest.length >= 4 + rest.readUInt32BE()) {
      const end = 4 + rest.readUInt32BE()
      const body = rest.subarray(4, end)
      rest = rest.subarray(end)
      hear(deserialize(body) as Frame)
    }
  })
}
