import { bufferOf } from '../../../server/text.ts'
import type { Item } from '../../../subject.ts'
import { type Frames, ROOM } from './framed.ts'

/** Bytes: of the time, of it and the length of the id. */
const TIME = 8
const HEAD = TIME + 1
/** The most bytes that go before and behind one on its way: `$length\r\n`, `\r\n`. */
const AROUND = 3 + 10 + 2

/** Unique among processes and their restarts. */
export const PRODUCER = `${process.pid.toString(36)}${Date.now().toString(36)}`
let serial = 0

/** Buffers that nothing is in that is on its way: allocating one is what a batch costs most. */
const free: Buffer[] = []

/** Frames whose command was answered are in nobody's way any more. */
export const release = ({ scratch }: Frames): void => void (scratch && free.push(scratch))

/** What is stored of messages: of each when it was published, the length of its id, its id, its bytes. In a scratch, until it is {@link release}d. */
export function framesOf(items: readonly Item[]): Frames {
  const now = Date.now()
  const ids = items.map(() => `${PRODUCER}-${++serial}`)
  const bodies = items.map(({ data }) => bufferOf(data))
  const size = bodies.reduce((sum, body, i) => sum + AROUND + HEAD + (ids[i] as string).length + body.length, 0)
  const kept = free.pop()
  const bytes = kept !== undefined && kept.length >= ROOM + size ? kept : Buffer.allocUnsafe(ROOM + size)
  let at = ROOM
  for (const [i, body] of bodies.entries()) {
    const id = ids[i] as string
    at += bytes.write(`$${HEAD + id.length + body.length}\r\n`, at, 'latin1')
    bytes.writeDoubleBE(now, at)
    bytes[at + TIME] = id.length
    bytes.write(id, at + HEAD, 'latin1')
    bytes.set(body, at + HEAD + id.length)
    at += HEAD + id.length + body.length
    at += bytes.write('\r\n', at, 'latin1')
  }
  return { count: items.length, bytes: bytes.subarray(ROOM, at), scratch: bytes }
}

/** What a handler is shown: the body at once, the rest when it is read. */
export class Delivery {
  readonly place: number
  readonly attempt: number
  readonly #frame: Buffer

  constructor(frame: Buffer, place: number, attempt: number) {
    this.#frame = frame
    this.place = place
    this.attempt = attempt
  }

  get id(): string {
    return this.#frame.toString('latin1', HEAD, HEAD + (this.#frame[TIME] as number))
  }

  get time(): number {
    return this.#frame.readDoubleBE(0)
  }

  /** A view of what has come, which nobody else reads. */
  get data(): Buffer {
    return this.#frame.subarray(HEAD + (this.#frame[TIME] as number))
  }
}

/** What one claim has taken. With its places it makes the tokens of what it has. */
export interface Claim {
  readonly claim: string
  /** The row of what is new. */
  readonly first: number
  readonly last: number
  readonly deliveries: Delivery[]
}

/** What a claim has answered: frames, and behind them `claim first last places failures`. The row may be still to be read. */
export function claimOf(claimed: readonly Buffer[]): Claim {
  const [claim = '', from, to, beside, failures] = (claimed.at(-1) as Buffer).toString('latin1').split(' ')
  const places = beside === '' ? [] : (beside as string).split(',')
  const failed = failures === '' ? [] : (failures as string).split(',')
  const deliveries = places.map((place, i) => new Delivery(claimed[i] as Buffer, Number(place), Number(failed[i]) + 1))
  const [first, last] = [Number(from), Number(to)]
  for (let i = places.length; i < claimed.length - 1; i++) {
    deliveries.push(new Delivery(claimed[i] as Buffer, first + i - places.length, 1))
  }
  return { claim, first, last, deliveries }
}
