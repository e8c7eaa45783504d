import { connect, type Socket } from 'node:net'
import { type ErrorCode, PluribusError } from '@pluribus/core'
import type {
  Adapter,
  Connection,
  ConnectionEvents,
  Environment,
  OutgoingMessage,
  Source,
  SourceEvents,
} from '@pluribus/core/driver'
import { memory } from '@pluribus/memory'
import { receive, send, type Told } from './wire.ts'

const best = memory().capabilities
/** Frames are read in one piece, and the heartbeat waits behind them: a payload is no larger than that allows. */
const limits = Object.freeze({ ...best.limits, payload: 1_048_576 })
const capabilities = Object.freeze({ ...best, durability: 'process' as const, limits })

/** Without an answer to a ping for so long, in milliseconds, the link is given up. */
const HEARTBEAT = { every: 200, patience: 800 }

/** The adapter of the broker in `server.ts`. */
export function tcp(at: { readonly host: string; readonly port: number; readonly store: string }): Adapter {
  return {
    name: 'tcp',
    capabilities,
    classify: error => {
      if (error instanceof PluribusError) return { code: error.code, retryable: error.retryable }
      return { code: 'UNAVAILABLE', retryable: true }
    },
    async connect(environment, events) {
      const client = new Client(connect(at), events)
      await client.call('connection', 'hello', [environment.instance, at.store])
      client.beat(environment)
      return connectionOf(client, `tcp://${at.host}:${at.port}`)
    },
  }
}

class Client {
  readonly #socket: Socket
  readonly #events: ConnectionEvents
  readonly #calls = new Map<number, { resolve(value: never): void; reject(error: unknown): void }>()
  readonly sources = new Map<number, SourceEvents>()
  #number = 0
  #isUp = false
  #isOver = false
  #heartbeat: unknown
  #environment: Environment | undefined

  constructor(socket: Socket, events: ConnectionEvents) {
    this.#socket = socket
    this.#events = events
    socket.setNoDelay(true)
    socket.on('error', () => {})
    socket.on('close', () => this.#over(new Error('The socket is closed.')))
    receive(socket, frame => {
      if ('source' in frame) {
        const source = this.sources.get(frame.source)
        if (frame.says === 'wake') source?.wake()
        else if (frame.says === 'lost') source?.lost(frame.what as never)
        else source?.ended(errorOf(frame.what as Told))
      } else if ('answer' in frame) {
        const call = this.#calls.get(frame.answer)
        this.#calls.delete(frame.answer)
        if ('error' in frame) call?.reject(errorOf(frame.error))
        else call?.resolve(frame.value as never)
      }
    })
  }

  number(): number {
    return ++this.#number
  }

  call<T>(on: string | number, method: string, args: readonly unknown[]): Promise<T> {
    if (this.#isOver) return Promise.reject(new Error('The socket is closed.'))
    const call = this.number()
    return new Promise<T>((resolve, reject) => {
      this.#calls.set(call, { resolve, reject })
      send(this.#socket, { call, on, method, args })
    })
  }

  /** From now on the link is looked after. */
  beat(environment: Environment): void {
    this.#isUp = true
    this.#environment = environment
    const { timers } = environment
    const next = () => {
      this.#heartbeat = timers.setTimeout(() => {
        let isAnswered = false
        // A process that did not get to run finds its timers late before it finds the answer that has been there all along.
        const late = () => timers.setImmediate(() => !isAnswered && this.#socket.destroy())
        this.#heartbeat = timers.setTimeout(late, HEARTBEAT.patience)
        this.call('connection', 'ping', []).then(
          () => {
            isAnswered = true
            timers.clearTimeout(this.#heartbeat)
            if (!this.#isOver) next()
          },
          () => {},
        )
      }, HEARTBEAT.every)
    }
    next()
  }

  async close(): Promise<void> {
    this.#isUp = false
    const closed = new Promise<void>(resolve => this.#socket.once('close', () => resolve()))
    if (this.#isOver) return
    this.#socket.end()
    const late = setTimeout(() => this.#socket.destroy(), 100)
    await closed
    clearTimeout(late)
  }

  #over(cause: Error): void {
    if (this.#isOver) return
    this.#isOver = true
    this.#environment?.timers.clearTimeout(this.#heartbeat)
    for (const { reject } of this.#calls.values()) reject(cause)
    if (this.#isUp) this.#events.lost(cause)
  }
}

const errorOf = ({ code, message }: Told): PluribusError => new PluribusError(code as ErrorCode, message)

function connectionOf(client: Client, endpoint: string): Connection {
  const ask =
    (on: string | number, method: string) =>
    (...args: readonly unknown[]) =>
      client.call<never>(on, method, args)
  const iterate = (method: string) =>
    async function* (...args: readonly unknown[]): AsyncGenerator<never> {
      yield* await client.call<never[]>('persistence', method, args)
    }
  const publish = ask('publisher', 'publish')
  return {
    server: { product: 'tcp-memory', version: '1', endpoint },
    capabilities,
    declare: ask('connection', 'declare'),
    maintain: ask('connection', 'maintain'),
    publisher: { window: 1, publish: batch => publish(batch.map(plain)) },
    subscriber: {
      async open(spec, options, events): Promise<Source> {
        const number = client.number()
        client.sources.set(number, events)
        const transferred = await client.call<number>(number, 'open', [spec, options])
        return {
          transferred,
          pull: ask(number, 'pull'),
          mark: ask(number, 'mark'),
          settle: ask(number, 'settle'),
          renew: ask(number, 'renew'),
          close: ask(number, 'close'),
        }
      },
      remove: ask('subscriber', 'remove'),
    },
    persistence: {
      topics: ask('persistence', 'topics'),
      subscriptions: ask('persistence', 'subscriptions'),
      history: iterate('history'),
      deadLetters: iterate('deadLetters'),
      redrive: ask('persistence', 'redrive'),
      discard: ask('persistence', 'discard'),
      counts: ask('persistence', 'counts'),
    },
    close: () => client.close(),
  }
}

/** Members may be getters: they are read by name. */
const plain = (message: OutgoingMessage): OutgoingMessage => ({
  id: message.id,
  topic: message.topic,
  payload: message.payload,
  contentType: message.contentType,
  key: message.key,
  priority: message.priority,
  headers: message.headers,
  time: message.time,
  source: message.source,
  version: message.version,
  correlationId: message.correlationId,
  causationId: message.causationId,
  idSupplied: message.idSupplied,
  size: message.size,
  delay: message.delay,
})
