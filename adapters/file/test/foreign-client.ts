import type { RawClient } from '@pluribus/conformance'
import { ForeignSocket, type Value } from './foreign-socket.ts'

/** What stands in a message beside the headers, under the names that a foreign reader gives it. */
const OWN = ['id', 'time', 'version', 'content-type', 'source', 'correlation-id', 'causation-id']
/** Bytes of a head, and where in it the size and the lengths of key and id are: as src/format/message-head.ts draws it. */
const HEAD = 48
const [SIZE, KEY_LENGTH, ID_LENGTH] = [40, 44, 46]
const FORMAT = 1
type Injected = Parameters<RawClient['inject']>[1]

/** A program that is not ours, in a folder: through the process that leads it, as anybody has to, with messages that it has laid out itself. */
export class ForeignClient implements RawClient {
  readonly #socket: ForeignSocket
  readonly #link: Value

  private constructor(socket: ForeignSocket, link: Value) {
    this.#socket = socket
    this.#link = link
  }

  /** @param window Milliseconds for which supplied ids are remembered: all who use a folder have the same. */
  static async open(dir: string, window: number): Promise<ForeignClient> {
    const socket = await ForeignSocket.open(dir)
    return new ForeignClient(socket, await socket.call('connect', ['foreign', window]))
  }

  async inject(topic: string, { body, headers }: Injected): Promise<void> {
    const batch = [{ topic, delay: 0, bytes: write(body, headers) }]
    const failed = (await this.#socket.call('publish', [this.#link, batch])) as readonly Value[]
    if (failed.length > 0) throw new Error(`It was not stored: ${JSON.stringify(failed)}`)
  }

  async read(topic: string) {
    const found: ReturnType<typeof read>[] = []
    let from: Value = 'earliest'
    for (;;) {
      const page = (await this.#socket.call('history', [this.#link, topic, from])) as readonly {
        readonly position: number
        readonly bytes: Buffer
      }[]
      const last = page.at(-1)
      if (last === undefined) return found
      found.push(...page.map(({ bytes }) => read(bytes)))
      from = { after: last.position }
    }
  }

  close(): Promise<void> {
    return this.#socket.close()
  }
}

const u16 = (value: number) => Buffer.of(value & 0xff, (value >> 8) & 0xff)
const u32 = (value: number) => Buffer.concat([u16(value), u16(value >>> 16)])
const short = (text: string) => Buffer.concat([u16(Buffer.byteLength(text)), Buffer.from(text)])

function write(body: Uint8Array, headers: Injected['headers']): Buffer {
  const own = (name: string) => headers[name] ?? ''
  const head = Buffer.alloc(HEAD)
  head[0] = FORMAT
  const id = Buffer.from(own('id'))
  head.writeUInt32LE(body.byteLength, SIZE)
  head.writeUInt16LE(id.length, ID_LENGTH)
  const time = Buffer.alloc(8)
  time.writeDoubleLE(Number(own('time')))
  const rest = Object.entries(headers).filter(([name]) => !OWN.includes(name))
  return Buffer.concat([
    ...[head, id, time, u32(Number(own('version')) || 1), short(own('content-type') || 'application/json')],
    ...[short(own('source')), short(own('correlation-id')), short(own('causation-id')), u16(rest.length)],
    ...rest.flatMap(([name, value]) => [short(name), u32(Buffer.byteLength(value)), Buffer.from(value)]),
    body,
  ])
}

function read(bytes: Buffer) {
  let at = HEAD + bytes.readUInt16LE(KEY_LENGTH)
  const skip = (length: number) => {
    at += length
    return at - length
  }
  const take = (length: number) => bytes.subarray(skip(length), at).toString()
  const next = () => bytes.readUInt16LE(skip(2))
  const id = take(bytes.readUInt16LE(ID_LENGTH))
  const time = String(bytes.readDoubleLE(skip(8)))
  const version = String(bytes.readUInt32LE(skip(4)))
  const texts = Array.from({ length: 4 }, () => take(next()))
  const own = [id, time, version, ...texts]
  const headers = Object.fromEntries(OWN.map((name, index) => [name, own[index] as string]))
  for (let left = next(); left > 0; left--) {
    const name = take(next())
    headers[name] = take(bytes.readUInt32LE(skip(4)))
  }
  return { body: bytes.subarray(at), headers }
}
