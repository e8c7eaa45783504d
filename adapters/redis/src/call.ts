import { Command } from 'ioredis'

/** What a command is given. */
export type Argument = string | number

/**
 * Arguments as the protocol has them, each as `$length\r\n`, itself, `\r\n`. Who makes many of them writes them at once: the
 * client would measure, copy and join them one by one.
 */
export interface Written {
  readonly count: number
  readonly bytes: Buffer | string
  /** What the bytes are in, {@link ROOM} from its begin. */
  readonly scratch?: Buffer
}

/** Bytes that a scratch has for what stands before the arguments: then nothing has to be copied behind it. */
export const ROOM = 2_048

/** A command whose last arguments may be written already. Replies have bytes where they have text. */
export class Call extends Command {
  readonly #written: Written | undefined

  constructor(name: string, args: readonly Argument[], written?: Written) {
    super(name, args as Argument[], { replyEncoding: null })
    this.#written = written
  }

  override toWritable(socket: object): string | Buffer {
    // Text, because no argument is bytes. It begins with how many there are.
    const own = super.toWritable(socket) as string
    if (this.#written === undefined) return own
    const { count, bytes, scratch } = this.#written
    const head = own.replace(/^\*\d+/, all => `*${Number(all.slice(1)) + count}`)
    if (typeof bytes === 'string') return head + bytes
    const length = Buffer.byteLength(head)
    if (scratch === undefined || length > ROOM) return Buffer.concat([Buffer.from(head), bytes])
    scratch.write(head, ROOM - length)
    return scratch.subarray(ROOM - length, ROOM + bytes.length)
  }
}

/** Numbers in a row, written as arguments. */
export function writtenNumbers(first: number, last: number): Written {
  let text = ''
  for (let number = first; number <= last; number++) {
    const digits = String(number)
    text += `$${digits.length}\r\n${digits}\r\n`
  }
  return { count: last - first + 1, bytes: text }
}
