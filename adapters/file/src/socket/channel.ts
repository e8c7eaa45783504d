import type { Socket } from 'node:net'
import { type Environment, PluribusError } from '@pluribus/core/driver'
import { encodeFrame, type Frame, MAX_FRAME, MAX_GREETING, PING, PONG } from './frame.js'
import { FrameDecoder } from './frame-decoder.js'
import { Heartbeat } from './heartbeat.js'

/** Bytes that may wait for a peer that does not read. */
export const MAX_QUEUED = 64 * 1024 * 1024

/** What a channel tells its owner. */
export interface ChannelEvents {
  /** A frame has arrived; what this throws ends the channel. */
  frame(frame: Frame): void
  /** Nothing more will arrive or be sent. Called once. */
  closed(cause: unknown): void
}

/** What a channel is made of. */
export interface ChannelOptions {
  readonly environment: Environment
  /** Milliseconds after which a peer that says nothing has its channel closed. */
  readonly timeout: number
  /** The same until both know each other. Default: as `timeout`. */
  readonly greetingTimeout?: number
  /** Bytes of a frame until both know each other. */
  readonly greetingLimit: number
  readonly events: ChannelEvents
}

/** Frames over a socket, in both directions; bounded, and with an ear for a peer that has stopped. */
export class Channel {
  readonly #socket: Socket
  readonly #decoder: FrameDecoder
  readonly #options: ChannelOptions
  #heartbeat: Heartbeat
  #isGreeted = false
  #cause: unknown
  #isClosed = false

  constructor(socket: Socket, options: ChannelOptions) {
    this.#socket = socket
    this.#options = options
    this.#decoder = new FrameDecoder(options.greetingLimit)
    this.#heartbeat = this.#listen(options.greetingTimeout ?? options.timeout)
    socket.on('data', (chunk: Buffer) => this.#receive(chunk))
    socket.on('error', error => this.close(error))
    socket.on('close', () => this.#end())
  }

  get isClosed(): boolean {
    return this.#isClosed
  }

  /** Bytes that wait to be read by the peer. */
  get queued(): number {
    return this.#socket.writableLength
  }

  /** Both sides know each other: from now on frames may be long. */
  greeted(): void {
    this.#isGreeted = true
    this.#decoder.limit = MAX_FRAME
    this.#heartbeat.stop()
    this.#heartbeat = this.#listen(this.#options.timeout)
  }

  /** Sends a frame. A peer that lets too much wait is cut off, so that it is not buffered for without end. */
  send(frame: Buffer): void {
    if (this.#isClosed) return
    if (this.queued + frame.length > MAX_QUEUED) {
      return this.close(new PluribusError('OVERLOADED', 'The peer reads more slowly than it asks, and was cut off.'))
    }
    this.#socket.write(frame)
  }

  /** Sends what was sent so far, and closes. */
  finish(): void {
    this.#socket.end()
  }

  /** Closes at once. */
  close(cause: unknown): void {
    if (this.#isClosed) return
    this.#cause ??= cause
    this.#isClosed = true
    this.#heartbeat.stop()
    this.#socket.destroy()
  }

  #receive(chunk: Buffer): void {
    if (this.#isClosed) return
    this.#heartbeat.heard()
    try {
      for (const frame of this.#decoder.push(chunk)) {
        if (this.#isGreeted && frame.type === PING) this.send(encodeFrame(PONG, MAX_GREETING))
        else if (!this.#isGreeted || frame.type !== PONG) this.#options.events.frame(frame)
        if (this.#isClosed) return
      }
    } catch (error) {
      this.close(error)
    }
  }

  #listen(timeout: number): Heartbeat {
    return new Heartbeat(this.#options.environment, timeout, isSilent => this.#beat(isSilent, timeout))
  }

  #beat(isSilent: boolean, timeout: number): void {
    if (isSilent) {
      const message = `The process on the other end of the socket has said nothing for ${timeout} ms.`
      this.close(new PluribusError('TIMEOUT', message, { details: { reason: 'silent' } }))
    } else if (this.#isGreeted) this.send(encodeFrame(PING, MAX_GREETING))
  }

  #end(): void {
    this.#isClosed = true
    this.#heartbeat.stop()
    this.#options.events.closed(this.#cause)
  }
}
