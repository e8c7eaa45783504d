import type { Redis } from 'ioredis-6'
import { Coalescer } from '../../server/coalescer.ts'
import { Gate } from '../../server/gate.ts'
import { handleAll } from '../../server/handle-all.ts'
import { RAW_SCENARIOS } from '../../server/scenarios.ts'
import { bufferOf } from '../../server/text.ts'
import type { Handle, Item, Queue, Subject } from '../../subject.ts'
import { connect, loadScript } from './client.ts'

const READY = 'orders'
/** What this consumer holds. It has its name from the deployment, so that it finds there what it held when it crashed. */
const HELD = 'orders:held:1'
const MOST = 512
/** Seconds. */
const PATIENCE = 5

/** Acks the oldest of what is held, which are the first that were taken, and takes the next: one round trip for both. */
const NEXT = `
local handled = tonumber(ARGV[1])
if handled > 0 then redis.call('LTRIM', KEYS[2], handled, -1) end
local taken = redis.call('LPOP', KEYS[1], ARGV[2])
if taken then redis.call('RPUSH', KEYS[2], unpack(taken)) end
return taken
`

type Next = (handled: number, most: number) => Promise<readonly Buffer[] | null>

/**
 * A list, and a list of what each consumer holds: the fastest at-least-once queue found. The next batch is on its
 * way while one is handled; what fails goes to the tail. Nothing else: no ids, attempts, history, leases, delays.
 */
class ListQueue implements Queue {
  readonly #publisher: Redis
  readonly #consumer: Redis
  readonly #next: Next
  readonly #outbox = new Coalescer<Buffer>(batch => this.#publisher.rpush(READY, ...batch))
  readonly #gate = new Gate()
  #closed = false
  #consuming: Promise<void> = Promise.resolve()

  constructor(publisher: Redis, consumer: Redis, next: Next) {
    this.#publisher = publisher
    this.#consumer = consumer
    this.#next = next
  }

  publish(item: Item): Promise<unknown> {
    return this.#outbox.add(bufferOf(item.data))
  }

  publishAll(items: readonly Item[]): Promise<unknown> {
    return this.#publisher.rpush(READY, ...items.map(({ data }) => bufferOf(data)))
  }

  async consume(handle: Handle): Promise<void> {
    // What was held when it crashed is the oldest: back to the head, the last one first.
    while ((await this.#consumer.lmove(HELD, READY, 'RIGHT', 'LEFT')) !== null);
    this.#consuming = this.#consume(handle)
  }

  pause(): void {
    this.#gate.close()
  }

  resume(): void {
    this.#gate.open()
  }

  async left(): Promise<number> {
    return (await this.#publisher.llen(READY)) + (await this.#publisher.llen(HELD))
  }

  async close(): Promise<void> {
    this.#closed = true
    this.#gate.open()
    this.#consumer.disconnect()
    await this.#consuming
    this.#publisher.disconnect()
  }

  /** Whatever goes wrong here ends the process, as an unhandled rejection: a measurement that failed is none. */
  async #consume(handle: Handle): Promise<void> {
    let taken = this.#next(0, MOST)
    let handled = 0
    try {
      while (!this.#closed) {
        const batch = await taken
        await this.#gate.passing
        if (batch !== null) {
          taken = this.#next(handled, MOST)
          await this.#handle(handle, batch)
          handled = batch.length
        } else {
          // Nobody sleeps on what it could have acked.
          if (handled === 0) handled = await this.#handleOne(handle)
          taken = this.#next(handled, MOST)
          handled = 0
        }
      }
    } catch (error) {
      if (!this.#closed) throw error
    } finally {
      // Closing has cut it off.
      await taken.catch(() => null)
    }
  }

  /** Waits for one; answers how many have come. */
  async #handleOne(handle: Handle): Promise<number> {
    const one = await this.#consumer.blmoveBuffer(READY, HELD, 'LEFT', 'RIGHT', PATIENCE)
    if (one === null) return 0
    await this.#gate.passing
    await this.#handle(handle, [one])
    return 1
  }

  async #handle(handle: Handle, batch: readonly Buffer[]): Promise<void> {
    const failed = await handleAll(handle, batch)
    if (failed.length > 0) await this.#publisher.rpush(READY, ...failed.map(i => batch[i] as Buffer))
  }
}

export const rawMinimal: Subject = {
  name: 'raw-minimal',
  what: 'the client and a list: RPUSH of many, a list of what is held, LPOP and LTRIM of batches of 512 in one script, the next one fetched ahead',
  keeps: true,
  only: RAW_SCENARIOS,
  open: async ({ url }) => {
    const [publisher, consumer] = await Promise.all([connect(url), connect(url)])
    return new ListQueue(publisher, consumer, await loadScript(consumer, NEXT, [READY, HELD]))
  },
}
