import type { RawClient } from '@pluribus/conformance'
import { Redis } from 'ioredis'

/** Appends an entry as the layout in codec.ts says, and tells who waits. */
const APPEND = `
local seq = redis.call('HINCRBY', KEYS[1], 'seq', 1)
redis.call('HSET', KEYS[2], seq, ARGV[1])
redis.call('HINCRBY', KEYS[1], 'placed', 1)
redis.call('PUBLISH', KEYS[1], '')
`
/** What stands in an entry beside the headers, under the names that a foreign reader gives it. */
const OWN = ['id', 'time', 'version', 'content-type', 'source', 'correlation-id', 'causation-id']
/** The flags by which content type, source, correlation and causation are there; 0: always. And those for bytes and for headers. */
const SHORTS = [32, 0, 8, 16]
const BYTES = 64
const HEADED = 128

/** A client that has nothing of ours but the layout of what is stored. */
export class ForeignClient implements RawClient {
  readonly #redis: Redis
  readonly #prefix: string

  constructor(url: string, prefix: string) {
    this.#redis = new Redis(url)
    this.#prefix = prefix
  }

  async inject(
    topic: string,
    message: { readonly body: Uint8Array; readonly headers: Readonly<Record<string, string>> },
  ): Promise<void> {
    await this.#redis.eval(APPEND, 2, ...this.#keys(topic), write(message.body, message.headers))
  }

  async read(topic: string) {
    const [, log] = this.#keys(topic)
    const entries = await this.#redis.hgetallBuffer(log)
    const positions = Object.keys(entries).filter(field => /^\d+$/.test(field))
    return positions.sort((a, b) => Number(a) - Number(b)).map(position => read(entries[position] as Buffer))
  }

  async close(): Promise<void> {
    await this.#redis.quit()
  }

  #keys(topic: string): readonly [string, string] {
    const tag = `{${this.#prefix}:${topic}}`
    return [`${tag}:topic`, `${tag}:log`]
  }
}

const u16 = (value: number) => Buffer.of((value >> 8) & 0xff, value & 0xff)
const u32 = (value: number) => Buffer.concat([u16(value >>> 16), u16(value)])
const short = (text: string) => Buffer.concat([u16(Buffer.byteLength(text)), Buffer.from(text)])

function write(body: Uint8Array, headers: Readonly<Record<string, string>>): Buffer {
  const own = (name: string) => headers[name] ?? ''
  const time = Buffer.alloc(8)
  time.writeDoubleBE(Number(own('time')))
  const rest = Object.entries(headers).filter(([name]) => !OWN.includes(name))
  const id = Buffer.from(own('id'))
  return Buffer.concat([
    ...[Buffer.from('m'), Buffer.of(32 | HEADED), u16(0), u16(0), u16(id.length), u32(body.byteLength), id],
    ...[time, u32(Number(own('version')) || 1), short(own('content-type') || 'application/json'), short(own('source'))],
    u16(rest.length),
    ...rest.flatMap(([name, value]) => [short(name), u32(Buffer.byteLength(value)), Buffer.from(value)]),
    body,
  ])
}

function read(entry: Buffer) {
  let at = 0
  const skip = (bytes: number) => {
    at += bytes
    return at - bytes
  }
  const take = (length: number) => {
    const from = skip(length)
    return entry.toString('utf8', from, from + length)
  }
  const next = () => entry.readUInt16BE(skip(2))
  skip(12 + entry.readUInt16BE(4))
  const id = take(entry.readUInt16BE(6))
  const time = String(entry.readDoubleBE(skip(8)))
  const version = String(entry.readUInt32BE(skip(4)))
  const flags = entry.readUInt8(1)
  const [type, ...texts] = SHORTS.map(flag => ((flags & flag) === flag ? take(next()) : ''))
  const named = type || (flags & BYTES ? 'application/octet-stream' : 'application/json')
  const own = [id, time, version, named, ...texts]
  const headers = Object.fromEntries(OWN.map((name, index) => [name, own[index] as string]))
  for (let left = flags & HEADED ? next() : 0; left > 0; left--) {
    const name = take(next())
    headers[name] = take(entry.readUInt32BE(skip(4)))
  }
  return { body: entry.subarray(at), headers }
}
