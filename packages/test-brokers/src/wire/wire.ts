import { once } from 'node:events'
import { connect, type Socket } from 'node:net'

/** How long a server may take to answer while it is asked whether it serves, in milliseconds. */
const PATIENCE = 5_000

/** Reads and writes a connection piece by piece: enough to ask a server whether it serves. */
export class Wire {
  readonly #socket: Socket
  readonly #chunks: AsyncIterator<Buffer>
  #buffered = Buffer.alloc(0)

  constructor(socket: Socket) {
    this.#socket = socket
    this.#chunks = socket[Symbol.asyncIterator]()
  }

  write(data: string | Uint8Array): void {
    this.#socket.write(data)
  }

  /** The next bytes. Rejects where the connection ends before there are so many. */
  async read(length: number): Promise<Buffer> {
    while (this.#buffered.length < length) await this.#more()
    return this.#take(length)
  }

  /** The next line, without its CR LF. */
  async line(): Promise<string> {
    for (;;) {
      const end = this.#buffered.indexOf('\r\n')
      if (end >= 0) return this.#take(end + 2).toString('utf8', 0, end)
      await this.#more()
    }
  }

  #take(length: number): Buffer {
    const taken = this.#buffered.subarray(0, length)
    this.#buffered = this.#buffered.subarray(length)
    return taken
  }

  async #more(): Promise<void> {
    const { done, value } = await this.#chunks.next()
    if (done === true) throw new Error('The server has closed the connection.')
    this.#buffered = Buffer.concat([this.#buffered, value])
  }
}

/** Connects to a loopback port, talks, and closes the connection. Rejects where nothing comes for 5 s. */
export async function converse<T>(port: number, talk: (wire: Wire) => Promise<T>): Promise<T> {
  const socket = connect({ host: '127.0.0.1', port })
  socket.setTimeout(PATIENCE, () => socket.destroy(new Error(`The server is silent for ${PATIENCE} ms.`)))
  try {
    await once(socket, 'connect')
    return await talk(new Wire(socket))
  } finally {
    socket.destroy()
  }
}
