import { bufferOf } from '../../../server/text.ts'
import type { Item } from '../../../subject.ts'

/** Bytes: of the length of what follows, of the time, of the length of the id. */
const LENGTH = 4
const TIME = 8
const HEAD = LENGTH + TIME + 1

/** Unique among processes and their restarts. */
export const PRODUCER = `${process.pid.toString(36)}${Date.now().toString(36)}`
let serial = 0

/** What is stored of messages: of each how long it is, when it was published, its id, its bytes. */
export function framesOf(items: readonly Item[]): Buffer {
  const now = Date.now()
  const ids = items.map(() => `${PRODUCER}-${++serial}`)
  const bodies = items.map(({ data }) => bufferOf(data))
  const size = bodies.reduce((sum, body, i) => sum + HEAD + (ids[i] as string).length + body.length, 0)
  const frames = Buffer.allocUnsafe(size)
  let at = 0
  for (const [i, body] of bodies.entries()) {
    const id = ids[i] as string
    frames.writeUInt32BE(HEAD - LENGTH + id.length + body.length, at)
    frames.writeDoubleBE(now, at + LENGTH)
    frames[at + HEAD - 1] = id.length
    frames.write(id, at + HEAD, 'latin1')
    frames.set(body, at + HEAD + id.length)
    at += HEAD + id.length + body.length
  }
  return frames
}

/** What a handler is shown: the body at once, the rest when it is read. */
export class Delivery {
  readonly place: string
  readonly token: string
  readonly attempt: number
  readonly #frame: Buffer

  constructor(frame: Buffer, place: string, token: string, attempt: number) {
    this.#frame = frame
    this.place = place
    this.token = token
    this.attempt = attempt
  }

  get id(): string {
    return this.#frame.toString('latin1', HEAD, HEAD + (this.#frame[HEAD - 1] as number))
  }

  get time(): number {
    return this.#frame.readDoubleBE(LENGTH)
  }

  /** A view of what has come, which nobody else reads. */
  get data(): Buffer {
    return this.#frame.subarray(HEAD + (this.#frame[HEAD - 1] as number))
  }
}

/** What a claim has answered: frames, and behind them `claim places failures`. */
export function deliveriesOf(claimed: readonly Buffer[]): readonly Delivery[] {
  const [claim, places = '', failures = ''] = (claimed.at(-1) as Buffer).toString('latin1').split(' ')
  const failed = failures === '' ? [] : failures.split(',')
  return places
    .split(',')
    .map((place, i) => new Delivery(claimed[i] as Buffer, place, `${place}:${claim}`, Number(failed[i] ?? 0) + 1))
}
