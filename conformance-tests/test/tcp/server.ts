/** A memory store behind a socket: a broker for the tests of what only a broker of its own shows. `node server.ts <port>` */
import { createServer, type Socket } from 'node:net'
import { isPluribusError } from '@pluribus/core'
import type {
  Connection,
  Environment,
  OpenOptions,
  Source,
  SourceEvents,
  SubscriptionSpec,
} from '@pluribus/core/driver'
import { type MemoryStore, memory, memoryStore } from '@pluribus/memory'
import { receive, send, type Told } from './wire.ts'

const stores = new Map<string, MemoryStore>()
const silent = { debug() {}, info() {}, warn() {}, error() {} }
const clock = { now: () => Date.now(), monotonic: () => performance.now() }
const timers = {
  setTimeout: (callback: () => void, ms: number) => setTimeout(callback, ms),
  clearTimeout: (handle: unknown) => clearTimeout(handle as NodeJS.Timeout),
  setImmediate: (callback: () => void) => setImmediate(callback),
  clearImmediate: (handle: unknown) => clearImmediate(handle as NodeJS.Immediate),
}

type Methods = Readonly<Record<string, (...args: readonly unknown[]) => unknown>>

const told = (error: unknown): Told => {
  return { code: isPluribusError(error) ? error.code : 'UNKNOWN', message: String(error) }
}

class Session {
  readonly #socket: Socket
  readonly #sources = new Map<number, Source>()
  #connection: Connection | undefined

  constructor(socket: Socket) {
    this.#socket = socket
    socket.setNoDelay(true)
    socket.on('error', () => {})
    socket.on('close', () => void this.#connection?.close())
    receive(socket, frame => {
      if (!('call' in frame)) return
      this.#obey(frame.on, frame.method, frame.args).then(
        value => send(socket, { answer: frame.call, value }),
        (error: unknown) => send(socket, { answer: frame.call, error: told(error) }),
      )
    })
  }

  async #obey(on: string | number, method: string, args: readonly unknown[]): Promise<unknown> {
    if (method === 'hello') return this.#hello(String(args[0]), String(args[1]))
    if (method === 'ping') return 'pong'
    const connection = this.#connection
    if (connection === undefined) throw new Error('Say hello first.')
    if (method === 'open') return this.#open(connection, Number(on), args)
    const target =
      typeof on === 'number' ? this.#sources.get(on) : on === 'connection' ? connection : connection[on as 'publisher']
    const result = (target as unknown as Methods)[method]?.(...args)
    if (typeof result !== 'object' || result === null || !(Symbol.asyncIterator in result)) return result
    return Array.fromAsync(result as AsyncIterable<unknown>)
  }

  async #hello(instance: string, name: string): Promise<void> {
    const store = stores.get(name) ?? memoryStore()
    stores.set(name, store)
    const environment: Environment = { clock, timers, logger: silent, random: Math.random, instance }
    this.#connection = await memory({ store }).connect(environment, { lost() {} })
  }

  async #open(connection: Connection, number: number, [spec, options]: readonly unknown[]): Promise<number> {
    const says = (what: 'wake' | 'lost' | 'ended') => (details?: unknown) =>
      send(this.#socket, { source: number, says: what, what: details })
    const events: SourceEvents = {
      wake: says('wake'),
      lost: says('lost'),
      ended: cause => says('ended')(told(cause)),
    }
    const opened = await connection.subscriber.open(spec as SubscriptionSpec, options as OpenOptions, events)
    this.#sources.set(number, opened)
    return opened.transferred ?? 0
  }
}

createServer(socket => void new Session(socket)).listen(Number(process.argv[2]), '127.0.0.1')
