import { connect, type Socket } from 'node:net'
import { type Environment, PluribusError } from '@pluribus/core/driver'
import { Channel, MAX_QUEUED } from './channel.js'
import { decodeFailure } from './failure.js'
import {
  CANCEL,
  encodeFrame,
  FAILURE,
  type Frame,
  MAX_FRAME,
  MAX_REFUSAL,
  PUSH,
  REPLY,
  REQUEST,
  WELCOME,
} from './frame.js'
import { hello, readWelcome } from './greeting.js'
import type { PlainValue } from './plain-value.js'
import { MAX_CALLS } from './server-connection.js'
import { settleable } from './settleable.js'
import { ValueDecoder } from './value-decoder.js'

/** What a client is made of. */
export interface SocketClientOptions {
  readonly environment: Environment
  readonly token: string
  /** Milliseconds after which a server that says nothing is taken for frozen. */
  readonly timeout: number
  /** The same until it has answered the greeting. Default: as `timeout`. */
  readonly greetingTimeout?: number
  /** The server says something that was not asked for. */
  push(name: string, argument: PlainValue): void
  /** The connection has ended: all calls under way have failed. Called once, and not before `connect` has returned. */
  lost(cause: unknown): void
}

interface Call {
  readonly resolve: (result: PlainValue) => void
  readonly reject: (error: unknown) => void
}

/**
 * A service in another process.
 *
 * @example
 * ```
 * const client = await SocketClient.connect(path, { environment, token, timeout: 5000, push: () => {}, lost: () => {} })
 * const four = await client.call('double', 2)
 * ```
 */
export class SocketClient {
  readonly #options: SocketClientOptions
  readonly #channel: Channel
  readonly #greeting = settleable<void>()
  readonly #calls = new Map<number, Call>()
  #isGreeted = false
  #lastId = 0

  private constructor(socket: Socket, options: SocketClientOptions) {
    this.#options = options
    const events = {
      frame: (frame: Frame) => this.#receive(frame),
      closed: (cause: unknown) => this.#end(cause),
    }
    this.#channel = new Channel(socket, { ...options, greetingLimit: MAX_REFUSAL, events })
    this.#channel.send(hello(options.token))
  }

  /**
   * Connects to a server, and greets it.
   *
   * @throws PluribusError `UNAVAILABLE`: there is nobody, `details.reason: 'refused'`; somebody who does not answer us, `'closed'`. `TIMEOUT`, `'silent'`: who is there says nothing.
   * `UNSUPPORTED`: it speaks another version.
   */
  static async connect(path: string, options: SocketClientOptions): Promise<SocketClient> {
    const client = new SocketClient(connect({ path }), options)
    await client.#greeting.promise
    return client
  }

  /**
   * Calls a method of the service.
   *
   * @throws PluribusError What the service throws. `OVERLOADED`, where too much is under way; `UNAVAILABLE`, outcome unknown, where the
   * connection ends first; `ABORTED` by the signal: the service may have done it.
   */
  call(method: string, argument: PlainValue, signal?: AbortSignal): Promise<PlainValue> {
    if (signal?.aborted) return Promise.reject(aborted(signal))
    if (this.#channel.isClosed) return Promise.reject(unavailable('is closed', 'closed', { outcome: 'definite' }))
    const id = this.#freeId()
    return new Promise((resolve, reject) => {
      const frame = encodeFrame(REQUEST, MAX_FRAME, body => {
        body.u32(id)
        body.value([method, argument])
      })
      if (this.#calls.size >= MAX_CALLS || this.#channel.queued + frame.length > MAX_QUEUED) {
        const message = 'Too much of this process is under way to the one that has the folder. Try again later.'
        throw new PluribusError('OVERLOADED', message, { outcome: 'definite' })
      }
      this.#calls.set(id, signal === undefined ? { resolve, reject } : this.#cancellable(id, signal, resolve, reject))
      this.#channel.send(frame)
    })
  }

  /** Ends the connection; `lost` is called. */
  close(): void {
    this.#channel.close(unavailable('was closed', 'closed'))
  }

  #cancellable(id: number, signal: AbortSignal, resolve: Call['resolve'], reject: Call['reject']): Call {
    const abort = () => {
      this.#calls.delete(id)
      this.#channel.send(encodeFrame(CANCEL, MAX_FRAME, body => body.u32(id)))
      reject(aborted(signal))
    }
    signal.addEventListener('abort', abort, { once: true })
    const settled = () => signal.removeEventListener('abort', abort)
    return {
      resolve: result => {
        settled()
        resolve(result)
      },
      reject: error => {
        settled()
        reject(error)
      },
    }
  }

  #freeId(): number {
    do this.#lastId = (this.#lastId + 1) >>> 0
    while (this.#calls.has(this.#lastId))
    return this.#lastId
  }

  #receive({ type, body }: Frame): void {
    if (!this.#isGreeted) return this.#welcome(type, body)
    const decoder = new ValueDecoder(body)
    if (type === PUSH) {
      const pushed = decoder.value()
      decoder.end()
      if (!Array.isArray(pushed) || typeof pushed[0] !== 'string') throw violation('a push without a name')
      return this.#options.push(pushed[0], pushed[1])
    }
    if (type !== REPLY && type !== FAILURE) throw violation(`frame type ${type}`)
    const id = decoder.u32()
    const value = decoder.value()
    decoder.end()
    // What was aborted is answered all the same.
    const call = this.#calls.get(id)
    this.#calls.delete(id)
    if (type === REPLY) call?.resolve(value)
    else call?.reject(decodeFailure(value))
  }

  #welcome(type: number, body: Buffer): void {
    if (type === FAILURE) {
      const decoder = new ValueDecoder(body)
      decoder.u32()
      throw decodeFailure(decoder.value())
    }
    if (type !== WELCOME) throw violation('no welcome')
    readWelcome(body)
    this.#isGreeted = true
    this.#channel.greeted()
    this.#greeting.resolve()
  }

  #end(cause: unknown): void {
    const error = cause instanceof PluribusError ? cause : reached(cause)
    this.#greeting.reject(error)
    for (const { reject } of this.#calls.values()) {
      reject(unavailable('ended before the answer came', 'closed', { cause, outcome: 'unknown' }))
    }
    this.#calls.clear()
    if (this.#isGreeted) this.#options.lost(error)
  }
}

const violation = (what: string) => new PluribusError('DECODING', `The server broke the protocol: ${what}.`)

const aborted = ({ reason }: AbortSignal) =>
  new PluribusError('ABORTED', 'The call was given up; it may have been done.', { cause: reason, outcome: 'unknown' })

function unavailable(
  what: string,
  reason: 'refused' | 'closed',
  init: { readonly cause?: unknown; readonly outcome?: 'definite' | 'unknown' } = {},
) {
  return new PluribusError('UNAVAILABLE', `The connection to the process that has the folder ${what}.`, {
    ...init,
    details: { reason },
  })
}

/** How a connection ended, or was not made. */
function reached(cause: unknown): PluribusError {
  const code = cause instanceof Error && 'code' in cause ? cause.code : undefined
  const isRefused = code === 'ECONNREFUSED' || code === 'ENOENT'
  return isRefused ? unavailable('was refused', 'refused', { cause }) : unavailable('has ended', 'closed', { cause })
}
