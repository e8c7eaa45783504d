import type { Start, StoredMessage } from '@pluribus/core/driver'
import { startNotFound } from '@pluribus/core/driver'
import { readMessage } from './codec.js'
import { topicNotFound } from './errors.js'
import type { Keys } from './keys.js'
import type { Link } from './link.js'
import { FIND } from './scripts/find.js'

/** The most messages of one page, and about the most bytes. */
const MOST = 256
const HEAVIEST = 8 * 1_024 * 1_024
/** Which place a delayed message has got, and where a dead letter was put back: `@…`, `=…`. */
const NO_MESSAGE: readonly (number | undefined)[] = [0x40, 0x3d]

/** Some messages in the order of storing, and up to which position they were looked for. */
export interface Page {
  readonly messages: readonly StoredMessage[]
  readonly last: number
}

/** What is stored of a topic, by position: numbers with holes. */
export class History {
  readonly #link: Link
  readonly #keys: Keys

  constructor(link: Link, keys: Keys) {
    this.#link = link
    this.#keys = keys
  }

  /** What follows a position; the same one where nothing does. */
  async page(topic: string, after: number): Promise<Page> {
    const { topic: state, log, kept } = this.#keys.topic(topic)
    const [seq, swept, largest] = await this.#numbers(topic, state)
    const most = Math.max(1, Math.min(MOST, Math.floor(HEAVIEST / Math.max(1, largest))))
    if (after >= seq) return { messages: [], last: after }
    let positions = Array.from({ length: Math.min(most, seq - after) }, (_, index) => after + 1 + index)
    if (after < swept) {
      const left = await this.#link.call('zrangebyscore', [kept, `(${after}`, swept, 'LIMIT', 0, most])
      positions = (left as readonly Buffer[]).map(Number)
      if (positions.length === 0) return this.page(topic, swept)
    }
    const entries = (await this.#link.call('hmget', [log, ...positions])) as readonly (Buffer | null)[]
    const messages = entries.flatMap((entry, index) =>
      isMessage(entry) ? [readMessage(topic, entry, positions[index] as number)] : [],
    )
    return { messages, last: positions.at(-1) as number }
  }

  /** The position before the first that a start means. */
  async before(topic: string, start: Start): Promise<number> {
    const { topic: state, times } = this.#keys.topic(topic)
    const [seq] = await this.#numbers(topic, state)
    if (start === 'earliest') return 0
    if (start === 'latest') return seq
    if ('time' in start) {
      const [first] = (await this.#link.call('zrangebyscore', [times, start.time, '+inf', 'LIMIT', 0, 1])) as Buffer[]
      return first === undefined ? seq : Number(first) - 1
    }
    const position = await this.positionOf(topic, start.id)
    if (position === 0) throw startNotFound(topic, start.id)
    return position - 1
  }

  async find(topic: string, id: string): Promise<StoredMessage | undefined> {
    const position = await this.positionOf(topic, id)
    if (position === 0) return undefined
    const { log } = this.#keys.topic(topic)
    const entry = (await this.#link.call('hget', [log, position])) as Buffer | null
    return isMessage(entry) ? readMessage(topic, entry, position) : undefined
  }

  /** The newest message with an id; 0 for none. */
  async positionOf(topic: string, id: string): Promise<number> {
    const keys = this.#keys.topic(topic)
    const [seq] = await this.#numbers(topic, keys.topic)
    for (let below = seq + 1; below > 0; ) {
      const [, position, next] = await this.#link.run(FIND, keys.all, [id, below])
      if (position !== 0) return position as number
      below = next as number
    }
    return 0
  }

  async #numbers(topic: string, state: string): Promise<readonly [number, number, number]> {
    const found = (await this.#link.call('hmget', [state, 'seq', 'swept', 'largest'])) as readonly (Buffer | null)[]
    if (found[0] === null) throw topicNotFound(topic)
    return found.map(Number) as unknown as readonly [number, number, number]
  }
}

const isMessage = (entry: Buffer | null | undefined): entry is Buffer =>
  entry !== null && entry !== undefined && !NO_MESSAGE.includes(entry[0])
