import type { Socket } from 'node:net'
import { type Environment, PluribusError } from '@pluribus/core/driver'
import { Channel } from './channel.js'
import { encodeFailureFrame } from './failure.js'
import { CANCEL, encodeFrame, type Frame, HELLO, MAX_FRAME, MAX_GREETING, PUSH, REPLY, REQUEST } from './frame.js'
import { isGreeting, welcome } from './greeting.js'
import type { PlainValue } from './plain-value.js'
import type { Service, Session } from './service.js'
import { settleable } from './settleable.js'
import { ValueDecoder } from './value-decoder.js'

/** Calls of one client that may be under way, and the bytes of their arguments. */
export const MAX_CALLS = 1024
const MAX_CALL_BYTES = 64 * 1024 * 1024

/** What the connections of a server share. */
export interface ServerParts {
  readonly environment: Environment
  readonly token: string
  /** Milliseconds. */
  readonly timeout: number
  /** The service, once there is one; rejects when there will be none. */
  readonly service: Promise<Service>
  /** Throws once this process may no longer answer. */
  verify(): void
  /** Makes a `PluribusError` of what is none, if it can. */
  explain(error: unknown): unknown
}

const violation = (what: string) => new PluribusError('DECODING', `The client broke the protocol: ${what}.`)

/** One client of a server. */
export class ServerConnection {
  readonly closed: Promise<void>
  readonly #parts: ServerParts
  readonly #channel: Channel
  readonly #calls = new Map<number, AbortController>()
  #bytes = 0
  #session: Promise<Session> | undefined

  constructor(socket: Socket, parts: ServerParts) {
    this.#parts = parts
    const ended = settleable<void>()
    this.closed = ended.promise
    const closed = (cause: unknown) => {
      ended.resolve()
      this.#end(cause)
    }
    const events = { frame: (frame: Frame) => this.#receive(frame), closed }
    this.#channel = new Channel(socket, { ...parts, greetingLimit: MAX_GREETING, events })
  }

  close(cause: unknown): void {
    this.#channel.close(cause)
  }

  #receive({ type, body }: Frame): void {
    if (this.#session === undefined) return this.#greet(type, body)
    const decoder = new ValueDecoder(body)
    if (type === REQUEST) this.#request(decoder, body.length)
    else if (type === CANCEL) this.#calls.get(decoder.u32())?.abort()
    else throw violation(`frame type ${type}`)
  }

  #greet(type: number, body: Buffer): void {
    if (type !== HELLO) throw violation('no greeting')
    this.#parts.verify()
    try {
      if (!isGreeting(body, this.#parts.token)) throw violation('another token')
    } catch (error) {
      this.#channel.send(encodeFailureFrame(0, error))
      return this.#channel.finish()
    }
    this.#channel.greeted()
    this.#channel.send(welcome())
    this.#session = this.#open()
    // Where there is no service, there are no calls that could say so.
    this.#session.catch(cause => this.close(cause))
  }

  async #open(): Promise<Session> {
    const open = await this.#parts.service
    return open({
      push: (name, argument) =>
        this.#channel.send(encodeFrame(PUSH, MAX_FRAME, frame => frame.value([name, argument]))),
      close: cause => this.close(cause),
    })
  }

  #request(decoder: ValueDecoder, bytes: number): void {
    const id = decoder.u32()
    const call = decoder.value()
    decoder.end()
    if (!Array.isArray(call) || typeof call[0] !== 'string') throw violation('a call without a method')
    if (this.#calls.has(id)) throw violation(`call ${id} is under way already`)
    if (this.#calls.size >= MAX_CALLS || this.#bytes + bytes > MAX_CALL_BYTES) {
      const message = 'Too many calls of this process are under way. Wait for some to return.'
      return this.#fail(id, new PluribusError('OVERLOADED', message, { outcome: 'definite' }))
    }
    const controller = new AbortController()
    this.#calls.set(id, controller)
    this.#bytes += bytes
    void this.#run(call[0], call[1], controller.signal)
      .then(
        result => this.#reply(id, result),
        error => this.#fail(id, error),
      )
      .finally(() => {
        this.#calls.delete(id)
        this.#bytes -= bytes
      })
  }

  async #run(method: string, argument: PlainValue, signal: AbortSignal): Promise<PlainValue> {
    const session = await (this.#session as Promise<Session>)
    const found = Object.hasOwn(session.methods, method) ? session.methods[method] : undefined
    if (found === undefined) throw new PluribusError('UNSUPPORTED', `The server has no method ${method.slice(0, 100)}.`)
    return await found(argument, signal)
  }

  #reply(id: number, result: PlainValue): void {
    let frame: Buffer
    try {
      frame = encodeFrame(REPLY, MAX_FRAME, body => {
        body.u32(id)
        body.value(result)
      })
    } catch (error) {
      return this.#fail(id, error)
    }
    this.#channel.send(frame)
  }

  #fail(id: number, error: unknown): void {
    this.#channel.send(encodeFailureFrame(id, this.#parts.explain(error)))
  }

  #end(cause: unknown): void {
    for (const controller of this.#calls.values()) controller.abort()
    this.#session?.then(
      session => session.closed(cause),
      () => {},
    )
  }
}
