import { connect, createServer, type Socket } from 'node:net'
import type { Address } from '../../src/hooks/address.js'

/** A server that sends back what it hears. */
export async function echoServer(): Promise<{
  readonly address: Address
  readonly heard: () => number
  close(): void
}> {
  const sockets = new Set<Socket>()
  let heard = 0
  const server = createServer(socket => {
    sockets.add(socket)
    socket.on('error', () => {})
    socket.on('data', chunk => {
      heard += chunk.length
      socket.write(chunk)
    })
    socket.on('end', () => socket.end())
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('There is no port.')
  const close = () => {
    for (const socket of sockets) socket.destroy()
    server.close()
  }
  return { address: { host: '127.0.0.1', port: address.port }, heard: () => heard, close }
}

/** A client that counts what it hears, and how it ends. */
export class Client {
  readonly socket: Socket
  received = 0
  ending: string | undefined
  readonly connected: Promise<void>
  readonly closed: Promise<void>
  #changed: () => void = () => {}

  constructor(to: Address) {
    this.socket = connect(to)
    this.connected = new Promise((resolve, reject) => {
      this.socket.once('connect', resolve)
      this.socket.once('error', reject)
    })
    this.closed = new Promise(resolve => this.socket.once('close', () => resolve()))
    this.socket.on('data', chunk => {
      this.received += chunk.length
      this.#changed()
    })
    this.socket.on('error', error => {
      this.ending ??= (error as NodeJS.ErrnoException).code
    })
    this.socket.on('end', () => {
      this.ending ??= 'FIN'
    })
  }

  send(bytes: number): void {
    this.socket.write(Buffer.alloc(bytes, 7))
  }

  /** Resolves when it has received so many bytes; answers after how many milliseconds. */
  async receives(bytes: number): Promise<number> {
    const start = performance.now()
    while (this.received < bytes) {
      await new Promise<void>(resolve => {
        this.#changed = resolve
      })
    }
    return performance.now() - start
  }
}
