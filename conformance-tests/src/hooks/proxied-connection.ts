import { connect, type Socket } from 'node:net'
import type { Address } from './address.js'
import type { Direction, LinkFaults } from './link-faults.js'

type Faults = Record<Direction, LinkFaults>

/** Whom a connection tells. */
export interface ProxyEvents {
  passed(direction: Direction, bytes: number): void
  over(): void
}

/** One connection through a proxy: two sockets, and what happens between them. */
export class ProxiedConnection {
  readonly #client: Socket
  readonly #broker: Socket
  readonly #faults: Faults
  readonly #events: ProxyEvents
  readonly #pumps: Record<Direction, Pump>
  #isOver = false

  constructor(client: Socket, upstream: Address, faults: Faults, events: ProxyEvents) {
    this.#client = client
    this.#broker = connect({ ...upstream, allowHalfOpen: true })
    this.#faults = faults
    this.#events = events
    const cut = () => this.cut()
    const passed = (direction: Direction) => (bytes: number) => events.passed(direction, bytes)
    this.#pumps = {
      up: new Pump(client, this.#broker, faults.up, { cut, passed: passed('up') }),
      down: new Pump(this.#broker, client, faults.down, { cut, passed: passed('down') }),
    }
  }

  start(): void {
    for (const socket of [this.#client, this.#broker]) {
      socket.setNoDelay(true)
      // An error of one side is news for the other one, but through a black hole no news passes.
      socket.on('error', () => this.#ended(socket))
      socket.on('close', () => this.#ended(socket))
    }
    this.#pumps.up.start()
    this.#pumps.down.start()
  }

  changed(faults: Partial<Record<Direction, Partial<LinkFaults>>>): void {
    for (const way of ['up', 'down'] as const) {
      Object.assign(this.#faults[way], faults[way])
      this.#pumps[way].changed()
    }
    const isOpen = !this.#faults.up.blackhole && !this.#faults.down.blackhole
    if (isOpen && (this.#client.destroyed || this.#broker.destroyed)) this.cut()
  }

  /** Resets both sides. */
  cut(): void {
    if (this.#isOver) return
    this.#isOver = true
    this.#pumps.up.stop()
    this.#pumps.down.stop()
    for (const socket of [this.#client, this.#broker]) socket.resetAndDestroy()
    this.#events.over()
  }

  #ended(socket: Socket): void {
    const way = socket === this.#client ? 'up' : 'down'
    if (this.#isOver || (this.#faults[way].blackhole && socket.destroyed)) return
    if (socket.destroyed) this.cut()
  }
}

/** Moves bytes one way, one chunk after the other. */
class Pump {
  readonly #from: Socket
  readonly #to: Socket
  readonly #faults: LinkFaults
  readonly #events: { cut(): void; passed(bytes: number): void }
  readonly #chunks: Buffer[] = []
  #hasEnded = false
  #isBusy = false
  #timer: NodeJS.Timeout | undefined

  constructor(from: Socket, to: Socket, faults: LinkFaults, events: { cut(): void; passed(bytes: number): void }) {
    this.#from = from
    this.#to = to
    this.#faults = faults
    this.#events = events
  }

  start(): void {
    this.#from.on('data', chunk => {
      this.#chunks.push(chunk)
      this.#next()
    })
    this.#from.on('end', () => {
      this.#hasEnded = true
      this.#next()
    })
    this.changed()
  }

  changed(): void {
    if (this.#faults.blackhole) {
      this.#from.pause()
      return
    }
    this.#from.resume()
    this.#next()
  }

  stop(): void {
    clearTimeout(this.#timer)
    this.#chunks.length = 0
  }

  #next(): void {
    if (this.#isBusy || this.#faults.blackhole || this.#to.destroyed) return
    const chunk = this.#chunks[0]
    if (chunk === undefined) {
      if (this.#hasEnded && !this.#to.writableEnded) this.#to.end()
      return
    }
    this.#isBusy = true
    const slow = Number.isFinite(this.#faults.rate) ? (chunk.length / this.#faults.rate) * 1_000 : 0
    const wait = this.#faults.delay + slow
    if (wait === 0) this.#pass()
    else this.#timer = setTimeout(() => this.#pass(), wait)
  }

  #pass(): void {
    this.#isBusy = false
    if (this.#faults.blackhole) return
    const chunk = this.#chunks.shift()
    if (chunk === undefined) return
    const { left, discard } = this.#faults
    const passing = chunk.length > left ? chunk.subarray(0, left) : chunk
    this.#faults.left -= passing.length
    if (!discard && passing.length > 0) {
      this.#events.passed(passing.length)
      this.#to.write(passing)
    }
    // What has been let through must arrive before the reset does.
    if (this.#faults.left <= 0) this.#timer = setTimeout(() => this.#events.cut(), 5)
    else this.#next()
  }
}
