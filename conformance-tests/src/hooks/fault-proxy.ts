import { createServer, type Server, type Socket } from 'node:net'
import type { Address } from './address.js'
import type { Direction, LinkFaults } from './link-faults.js'
import { ProxiedConnection } from './proxied-connection.js'

const HEALTHY: Readonly<LinkFaults> = {
  blackhole: false,
  discard: false,
  delay: 0,
  rate: Number.POSITIVE_INFINITY,
  left: Number.POSITIVE_INFINITY,
}

/** The link between client and broker, as cases spoil it. */
export interface Link {
  /** Connections that stand now. A case about the network that sees none has proved nothing. */
  readonly connections: number
  /** Connections that there have been. */
  readonly accepted: number
  /** Bytes that have passed. */
  readonly bytes: Readonly<Record<Direction, number>>
  /** Resets every connection. Answers how many. */
  cut(): number
  /** Half-open: bytes stop, both ends go on believing. Default: both directions. New connections are swallowed too. */
  blackhole(direction?: Direction): void
  /** Every chunk takes `ms` milliseconds longer, each way. */
  delay(ms: number): void
  /** At most so many bytes a second, each way. */
  throttle(bytesPerSecond: number): void
  /** Each connection, the next ones included, is cut after so many more bytes of a direction. */
  cutAfter(bytes: number, direction: Direction): void
  /** The broker hears everything, the client nothing. */
  dropReplies(): void
  /** New connections are refused, as if nobody listened. */
  refuse(): Promise<void>
  /** Ends every fault. What was black-holed may be cut by whoever has noticed. */
  restore(): Promise<void>
}

/** A TCP proxy in this process that spoils what passes. */
export class FaultProxy implements Link {
  readonly #upstream: Address
  readonly #connections = new Set<ProxiedConnection>()
  readonly bytes = { up: 0, down: 0 }
  readonly #faults = { up: { ...HEALTHY }, down: { ...HEALTHY } }
  #server: Server | undefined
  #port = 0
  #accepted = 0

  constructor(upstream: Address) {
    this.#upstream = upstream
  }

  /** Listens on a free port of the loopback interface. */
  async listen(): Promise<Address> {
    const server = createServer({ allowHalfOpen: true, pauseOnConnect: true }, socket => this.#accept(socket))
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject)
      server.listen(this.#port, '127.0.0.1', resolve)
    })
    const address = server.address()
    if (address === null || typeof address === 'string') throw new Error('The proxy has no port.')
    this.#port = address.port
    this.#server = server
    return { host: '127.0.0.1', port: this.#port }
  }

  get connections(): number {
    return this.#connections.size
  }

  get accepted(): number {
    return this.#accepted
  }

  cut(): number {
    const all = [...this.#connections]
    for (const connection of all) connection.cut()
    return all.length
  }

  blackhole(direction?: Direction): void {
    this.#spoil({ blackhole: true }, direction)
  }

  delay(ms: number): void {
    this.#spoil({ delay: ms })
  }

  throttle(bytesPerSecond: number): void {
    this.#spoil({ rate: bytesPerSecond })
  }

  cutAfter(bytes: number, direction: Direction): void {
    this.#spoil({ left: bytes }, direction)
  }

  dropReplies(): void {
    this.#spoil({ discard: true }, 'down')
  }

  async refuse(): Promise<void> {
    const server = this.#server
    this.#server = undefined
    // Resolves when all connections have ended, which is not what is waited for.
    server?.close()
  }

  async restore(): Promise<void> {
    Object.assign(this.#faults.up, HEALTHY)
    Object.assign(this.#faults.down, HEALTHY)
    for (const connection of this.#connections) connection.changed({ up: { ...HEALTHY }, down: { ...HEALTHY } })
    if (this.#server === undefined) await this.listen()
  }

  async close(): Promise<void> {
    await this.refuse()
    this.cut()
  }

  #spoil(fault: Partial<LinkFaults>, direction?: Direction): void {
    for (const way of direction === undefined ? (['up', 'down'] as const) : [direction]) {
      Object.assign(this.#faults[way], fault)
      for (const connection of this.#connections) connection.changed({ [way]: fault })
    }
  }

  #accept(client: Socket): void {
    this.#accepted++
    const faults = { up: { ...this.#faults.up }, down: { ...this.#faults.down } }
    const connection = new ProxiedConnection(client, this.#upstream, faults, {
      passed: (direction, bytes) => {
        this.bytes[direction] += bytes
      },
      over: () => this.#connections.delete(connection),
    })
    this.#connections.add(connection)
    connection.start()
  }
}
