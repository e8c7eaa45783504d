import { readdirSync, readFileSync } from 'node:fs'
import { connect, type Socket } from 'node:net'
import { join } from 'node:path'

// Frames and values, as src/socket/frame.ts and src/socket/plain-value.ts draw them.
const [HELLO, WELCOME, REQUEST, REPLY, FAILURE, PING, PONG] = [1, 2, 3, 5, 6, 8, 9]
const MAGIC = 0x504c_5242
const VERSION = 1

export type Value =
  | undefined
  | null
  | boolean
  | number
  | string
  | Buffer
  | readonly Value[]
  | { readonly [key: string]: Value }

const u32 = (value: number) => {
  const bytes = Buffer.alloc(4)
  bytes.writeUInt32LE(value >>> 0)
  return bytes
}
const sized = (kind: number, bytes: Buffer) => Buffer.concat([Buffer.of(kind), u32(bytes.length), bytes])

function write(value: Value): Buffer {
  if (value === undefined || value === null) return Buffer.of(value === undefined ? 0 : 1)
  if (typeof value === 'boolean') return Buffer.of(value ? 3 : 2)
  if (typeof value === 'number') return Buffer.concat([Buffer.of(4), u32(value)])
  if (typeof value === 'string') return sized(6, Buffer.from(value))
  if (Buffer.isBuffer(value)) return sized(8, value)
  if (Array.isArray(value)) return Buffer.concat([Buffer.of(9), u32(value.length), ...value.map(write)])
  const entries = Object.entries(value as { readonly [key: string]: Value })
  return Buffer.concat([Buffer.of(10), u32(entries.length), ...entries.flatMap(entry => entry.map(write))])
}

/** Reads values out of a frame, one after the other. */
class Reader {
  readonly #bytes: Buffer
  #at: number

  constructor(bytes: Buffer, at: number) {
    this.#bytes = bytes
    this.#at = at
  }

  value(): Value {
    const kind = this.#take(1).readUInt8()
    if (kind < 4) return [undefined, null, false, true][kind]
    if (kind === 4) return this.#take(4).readInt32LE()
    if (kind === 5) return this.#take(8).readDoubleLE()
    const length = this.#take(4).readUInt32LE()
    if (kind === 9) return Array.from({ length }, () => this.value())
    if (kind === 10) return Object.fromEntries(Array.from({ length }, () => [String(this.value()), this.value()]))
    const bytes = this.#take(length)
    if (kind === 8) return bytes
    return bytes.toString(kind === 6 ? 'utf8' : 'utf16le')
  }

  #take(length: number): Buffer {
    this.#at += length
    return this.#bytes.subarray(this.#at - length, this.#at)
  }
}

interface Call {
  resolve(value: Value): void
  reject(error: Error): void
}

/** A socket to the process that leads a folder, which has nothing of ours but the drawings of the protocol. */
export class ForeignSocket {
  readonly #socket: Socket
  readonly #calls = new Map<number, Call>()
  #received = Buffer.alloc(0)
  #last = 0
  #welcomed: () => void = () => {}

  private constructor(socket: Socket) {
    this.#socket = socket
    socket.on('data', bytes => this.#receive(Buffer.from(bytes)))
    const end = () => {
      for (const { reject } of this.#calls.values()) reject(new Error('The leader has hung up.'))
      this.#calls.clear()
    }
    socket.on('error', end).on('close', end)
  }

  /** @param dir Of a folder that a process leads. */
  static async open(dir: string): Promise<ForeignSocket> {
    const leaders = join(dir, 'leaders')
    const lock = readdirSync(leaders)
      .filter(name => name.startsWith('lock.'))
      .sort()
      .at(-1)
    if (lock === undefined) throw new Error(`Nobody leads ${dir}.`)
    const { socket, token } = JSON.parse(readFileSync(join(leaders, lock), 'utf8'))
    const opened = new ForeignSocket(connect(join(leaders, socket)))
    await new Promise<void>(resolve => {
      opened.#welcomed = resolve
      opened.#send(HELLO, u32(MAGIC), u32(VERSION), Buffer.from(token, 'latin1'))
    })
    return opened
  }

  call(method: string, argument: Value): Promise<Value> {
    const id = ++this.#last
    return new Promise((resolve, reject) => {
      this.#calls.set(id, { resolve, reject })
      this.#send(REQUEST, u32(id), write([method, argument]))
    })
  }

  close(): Promise<void> {
    return new Promise(resolve => this.#socket.once('close', resolve).end())
  }

  #send(type: number, ...parts: readonly Buffer[]): void {
    const body = Buffer.concat([Buffer.of(type), ...parts])
    this.#socket.write(Buffer.concat([u32(body.length), body]))
  }

  #receive(bytes: Buffer): void {
    this.#received = Buffer.concat([this.#received, bytes])
    while (this.#received.length >= 4) {
      const end = 4 + this.#received.readUInt32LE()
      if (this.#received.length < end) return
      const frame = this.#received.subarray(4, end)
      this.#received = this.#received.subarray(end)
      this.#hear(frame)
    }
  }

  #hear(frame: Buffer): void {
    const type = frame.readUInt8()
    if (type === WELCOME) this.#welcomed()
    if (type === PING) this.#send(PONG)
    if (type !== REPLY && type !== FAILURE) return
    const id = frame.readUInt32LE(1)
    const value = new Reader(frame, 5).value()
    const call = this.#calls.get(id)
    this.#calls.delete(id)
    if (type === REPLY) call?.resolve(value)
    else call?.reject(new Error(JSON.stringify(value)))
  }
}
