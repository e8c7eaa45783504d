import { read } from 'node:fs'
import { check, lengthAt, payloadAt } from './frame.ts'

const CHUNK = 1_024 * 1_024
/** Bytes of batches that stay in memory once they are written. */
const RECENT = 32 * 1_024 * 1_024

interface Stretch {
  readonly position: number
  readonly bytes: Buffer
}

/** Payloads by their place in the file: out of the batches that were written last, or from the disk, a megabyte at a time. */
export class LogReader {
  readonly #file: () => number
  #recent: Stretch[] = []
  #size = 0
  #chunk: Stretch = { position: 0, bytes: Buffer.alloc(0) }

  constructor(file: () => number) {
    this.#file = file
  }

  keep(bytes: Buffer, position: number): void {
    this.#recent.push({ position, bytes })
    this.#size += bytes.length
    while (this.#size > RECENT) this.#size -= (this.#recent.shift() as Stretch).bytes.length
  }

  /** In the order of the places. */
  async payloads(places: readonly number[]): Promise<Buffer[]> {
    const payloads: Buffer[] = new Array(places.length)
    let stretch = this.#chunk
    for (let i = 0; i < places.length; i++) {
      const place = places[i] as number
      if (!holds(stretch, place)) stretch = this.#recentWith(place) ?? (await this.#load(place))
      if (stretch === this.#chunk) check(stretch.bytes, place - stretch.position)
      payloads[i] = payloadAt(stretch.bytes, place - stretch.position)
    }
    return payloads
  }

  /** By halving: they are in the order of the file. */
  #recentWith(place: number): Stretch | undefined {
    let [low, high] = [0, this.#recent.length - 1]
    while (low <= high) {
      const middle = (low + high) >>> 1
      const stretch = this.#recent[middle] as Stretch
      if (place < stretch.position) high = middle - 1
      else if (place >= stretch.position + stretch.bytes.length) low = middle + 1
      else return stretch
    }
    return undefined
  }

  async #load(place: number): Promise<Stretch> {
    const bytes = Buffer.allocUnsafeSlow(CHUNK)
    const length = await readAt(this.#file(), bytes, place)
    this.#chunk = { position: place, bytes: bytes.subarray(0, length) }
    if (!holds(this.#chunk, place)) throw new Error(`There is no message at ${place}.`)
    return this.#chunk
  }
}

/** Fewer bytes than were asked for only where the file ends. */
export function readAt(file: number, bytes: Buffer, position: number): Promise<number> {
  return new Promise((resolve, reject) => {
    read(file, bytes, 0, bytes.length, position, (error, length) => (error === null ? resolve(length) : reject(error)))
  })
}

const holds = ({ position, bytes }: Stretch, place: number): boolean =>
  place >= position && lengthAt(bytes, place - position) > 0
