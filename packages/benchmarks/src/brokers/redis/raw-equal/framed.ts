import { Command } from 'ioredis-6'

/** Arguments as they go over the wire: `$length\r\n`, itself, `\r\n`. */
export interface Frames {
  readonly count: number
  readonly bytes: Buffer
  /** What the bytes are in, {@link ROOM} from its begin. */
  readonly scratch?: Buffer
}

/** What a scratch has room for before the frames: then nothing is copied behind a command. */
export const ROOM = 512

/** A command of which most arguments are bytes already: the client would measure, copy and join them one by one. Replies are bytes. */
export class Framed extends Command {
  readonly #frames: Frames

  constructor(name: string, args: readonly string[], frames: Frames) {
    super(name, [...args], { replyEncoding: null })
    this.#frames = frames
  }

  override toWritable(socket: object): Buffer {
    const own = (super.toWritable(socket) as string).replace(
      /^\*\d+/,
      all => `*${Number(all.slice(1)) + this.#frames.count}`,
    )
    const { bytes, scratch } = this.#frames
    const length = Buffer.byteLength(own)
    if (scratch === undefined || length > ROOM) return Buffer.concat([Buffer.from(own), bytes])
    scratch.write(own, ROOM - length)
    return scratch.subarray(ROOM - length, ROOM + bytes.length)
  }
}

/** Places in a row, as names of fields. */
export function placesOf(first: number, last: number): Frames {
  let text = ''
  for (let place = first; place <= last; place++) {
    const name = String(place)
    text += `$${name.length}\r\n${name}\r\n`
  }
  return { count: last - first + 1, bytes: Buffer.from(text, 'latin1') }
}
