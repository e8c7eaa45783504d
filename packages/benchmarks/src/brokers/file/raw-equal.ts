import { join } from 'node:path'
import { folderOf } from '../../folder/folder-of.ts'
import { handleAll } from '../../server/handle-all.ts'
import { bufferOf } from '../../server/text.ts'
import type { Handle, Item, Queue, Subject } from '../../subject.ts'
import { LeaseSlots } from '../memory/raw-equal/lease-slots.ts'
import { GroupCommit } from './group-commit.ts'
import { KIND, writeFailed, writeMessage, writeRange } from './raw-equal/frame.ts'
import { LogReader } from './raw-equal/log-reader.ts'
import { MessagePlaces } from './raw-equal/message-places.ts'
import { replay } from './raw-equal/replay.ts'
import { RAW_SCENARIOS } from './scenarios.ts'

const MOST = 512
const LEASE = 30_000

interface Claim {
  readonly positions: readonly number[]
  readonly tokens: readonly number[]
  /** Resolves when it is on the device who has them. */
  readonly stored: Promise<void>
}

/**
 * By hand, for one topic and one fifo subscription, with the same stored effects as ours: id, place and time in a log that keeps what
 * is handled, who has a message stored before he gets it, acks and failed runs stored, leases with a token, payloads on the disk. Claims and
 * acks travel with what is published meanwhile. No checkpoint, retention, segments, recovery from damage, several topics, options, keys,
 * priorities, delays, dead letters, other processes: that is what the rest costs.
 */
class RawEqual implements Queue {
  readonly #messages: MessagePlaces
  readonly #leases: LeaseSlots
  readonly #log: GroupCommit
  readonly #reader = new LogReader(() => this.#log.file)
  readonly #watch = setInterval(() => this.#expire(), LEASE / 3)
  #lastId = Math.random()
  #sealed: number
  #durable: number
  /** The first position that was never handed out since this was opened. */
  #next = 0
  #isPaused = false
  #isClosed = false
  #wake: () => void = () => {}
  #consuming: Promise<void> = Promise.resolve()

  constructor(path: string, position: number, messages: MessagePlaces, leases: LeaseSlots) {
    this.#messages = messages
    this.#leases = leases
    this.#sealed = messages.end
    this.#durable = messages.end
    this.#log = new GroupCommit(path, position, {
      sealed: () => {
        this.#sealed = messages.end
      },
      committed: () => {
        this.#durable = this.#sealed
        this.#wake()
      },
      keep: (bytes, position) => this.#reader.keep(bytes, position),
    })
  }

  publish(item: Item): Promise<void> {
    this.#append(item, Date.now())
    return this.#log.stored()
  }

  publishAll(items: readonly Item[]): Promise<void> {
    const time = Date.now()
    for (const item of items) this.#append(item, time)
    return this.#log.stored()
  }

  async consume(handle: Handle): Promise<void> {
    this.#consuming = this.#consume(handle)
  }

  pause(): void {
    this.#isPaused = true
  }

  resume(): void {
    this.#isPaused = false
    this.#wake()
  }

  async left(): Promise<number> {
    return this.#messages.left
  }

  async close(): Promise<void> {
    this.#isClosed = true
    clearInterval(this.#watch)
    this.#wake()
    await this.#consuming
    await this.#log.close()
  }

  #append({ data }: Item, time: number): void {
    this.#messages.add(writeMessage(this.#log, ++this.#lastId, time, bufferOf(data)))
  }

  async #consume(handle: Handle): Promise<void> {
    let claim: Claim | undefined
    while (!this.#isClosed) {
      claim ??= this.#claim()
      if (claim === undefined) {
        await new Promise<void>(resolve => {
          this.#wake = resolve
        })
        continue
      }
      const { positions, tokens, stored } = claim
      const places = positions.map(position => this.#messages.placeOf(position))
      const [payloads] = await Promise.all([this.#reader.payloads(places), stored])
      claim = this.#claim()
      // Behind the commit of what was claimed, so that the disk works while messages are handled.
      await new Promise(resolve => setImmediate(resolve))
      this.#settle(positions, tokens, await handleAll(handle, payloads))
    }
  }

  /** What is on the device and nobody has, up to so many; undefined where there is nothing. */
  #claim(): Claim | undefined {
    if (this.#isPaused || this.#isClosed) return undefined
    const positions = this.#leases.returned.splice(0, MOST)
    for (const position of positions) writeRange(this.#log, KIND.TAKEN, position, 1)
    const first = this.#next
    while (positions.length < MOST && this.#next < this.#durable) {
      if (!this.#messages.isDone(this.#next)) positions.push(this.#next)
      this.#next++
    }
    if (positions.length === 0) return undefined
    if (this.#next > first) writeRange(this.#log, KIND.TAKEN, first, this.#next - first)
    const until = performance.now() + LEASE
    return { positions, tokens: positions.map(place => this.#leases.take(place, until)), stored: this.#log.stored() }
  }

  #settle(positions: readonly number[], tokens: readonly number[], failed: readonly number[]): void {
    for (const i of failed) {
      writeFailed(this.#log, positions[i] as number)
      this.#leases.giveBack(tokens[i] as number)
    }
    let [first, count] = [0, 0]
    for (const token of tokens) {
      const position = this.#leases.end(token)
      // Failed, or another's by now.
      if (position < 0) continue
      this.#messages.handled(position)
      if (position !== first + count) {
        if (count > 0) writeRange(this.#log, KIND.ACKED, first, count)
        first = position
        count = 0
      }
      count++
    }
    if (count > 0) writeRange(this.#log, KIND.ACKED, first, count)
  }

  #expire(): void {
    this.#leases.expire(performance.now())
    this.#wake()
  }
}

export const rawEqual: Subject = {
  name: 'raw-equal',
  what: 'by hand, with the stored effects of ours: id, place, time, who has it, acks, failed runs, in one log; checked when it is read',
  keeps: true,
  only: [...RAW_SCENARIOS, 'open-1M'],
  open: async ({ url }) => {
    const path = join(await folderOf(url), 'log')
    const messages = new MessagePlaces()
    const leases = new LeaseSlots(2 * MOST)
    return new RawEqual(path, await replay(path, messages, leases), messages, leases)
  },
}
