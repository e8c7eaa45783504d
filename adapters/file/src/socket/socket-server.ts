import { chmod } from 'node:fs/promises'
import { createServer, type Server, type Socket } from 'node:net'
import { type Environment, PluribusError } from '@pluribus/core/driver'
import { encodeFailureFrame } from './failure.js'
import { ServerConnection } from './server-connection.js'
import type { Service } from './service.js'
import { settleable } from './settleable.js'

const PRIVATE = 0o600
/** Clients at a time. */
export const MAX_CLIENTS = 512

/** What a server is made of. */
export interface SocketServerOptions {
  readonly environment: Environment
  /** Shown by those who may connect: 32 characters. */
  readonly token: string
  /** Milliseconds after which a client that says nothing is cut off. */
  readonly timeout: number
  /** Throws once this process may no longer answer: those who greet it then are turned away. */
  verify(): void
  /** What a client is told of an error that is no `PluribusError`: one that is. Default: it is told `UNKNOWN`. */
  readonly explain?: (error: unknown) => unknown
}

/**
 * A service on a Unix domain socket. It listens before it has anything to offer: calls wait until `serve`.
 *
 * @example
 * ```
 * const server = await SocketServer.listen(path, { environment, token, timeout: 15_000, verify: () => {} })
 * server.serve(() => ({ methods: { double: n => Number(n) * 2 }, closed: () => {} }))
 * ```
 */
export class SocketServer {
  readonly #server: Server
  readonly #connections = new Set<ServerConnection>()
  readonly #ready = settleable<Service>()

  private constructor(server: Server, options: SocketServerOptions) {
    this.#server = server
    this.#ready.promise.catch(() => {})
    const parts = { explain: (error: unknown) => error, ...options, service: this.#ready.promise }
    // Whoever serves stays for its own reasons.
    server.unref()
    server.on('connection', socket => {
      socket.unref()
      if (this.#connections.size >= MAX_CLIENTS) return turnAway(socket)
      const connection = new ServerConnection(socket, parts)
      this.#connections.add(connection)
      void connection.closed.then(() => this.#connections.delete(connection))
    })
  }

  /** @throws What the system says, as it is: `EADDRINUSE` where there is a file of that name. */
  static async listen(path: string, options: SocketServerOptions): Promise<SocketServer> {
    const server = createServer()
    const socketServer = new SocketServer(server, options)
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject)
      // Exclusive: in a worker of `node:cluster` the socket would be the primary's, and outlive the worker.
      server.listen({ path, exclusive: true }, resolve)
    })
    if (process.platform !== 'win32') await chmod(path, PRIVATE)
    return socketServer
  }

  /** Clients that are connected. */
  get clients(): number {
    return this.#connections.size
  }

  /** Begins to answer. Once. */
  serve(service: Service): void {
    this.#ready.resolve(service)
  }

  /** Cuts everybody off, and removes the socket. */
  async close(): Promise<void> {
    const cause = new PluribusError('UNAVAILABLE', 'The server was closed.')
    this.#ready.reject(cause)
    const closed = new Promise<void>(resolve => this.#server.close(() => resolve()))
    for (const connection of this.#connections) connection.close(cause)
    await closed
  }
}

/** Says why, so that it is not taken for the end of the server. */
function turnAway(socket: Socket): void {
  const error = new PluribusError('OVERLOADED', `${MAX_CLIENTS} connections to this folder are open already.`)
  socket.on('error', () => {})
  // What it has said must be read, or the system takes back what it is told.
  socket.resume()
  socket.end(encodeFailureFrame(0, error), () => socket.destroySoon())
}
