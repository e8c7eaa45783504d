import type { Redis } from 'ioredis-6'
import { Coalescer } from '../../server/coalescer.ts'
import { Gate } from '../../server/gate.ts'
import { handleAll } from '../../server/handle-all.ts'
import { RAW_SCENARIOS } from '../../server/scenarios.ts'
import type { Handle, Item, Queue, Subject } from '../../subject.ts'
import { connect, loadScript } from './client.ts'
import { type Claim, claimOf, Delivery, framesOf, PRODUCER, release } from './raw-equal/frame.ts'
import { Framed, type Frames, placesOf } from './raw-equal/framed.ts'
import { CLAIM, KEYS, PUBLISH, RETRY, WAKE } from './raw-equal/scripts.ts'

const MOST = 512
/** Milliseconds. */
const LEASE = 30_000
const LADDER = [100, 1_000, 5_000, 30_000]
/** How long nobody asks although he was not woken: what is published is heard of as long as the connection lives. */
const DOZE = 5_000

/** So many are not worth a round trip of their own. */
const FEW = 16

/** What was taken; or, where there is nothing, the milliseconds until there may be. */
type Claimed = Claim | number

interface Scripts {
  publish(producer: string, number: number, frames: Frames): Promise<unknown>
  claim(most: number, lease: number, few: number): Promise<readonly Buffer[] | number>
  retry(claim: string, place: number, delay: number): Promise<number>
}

/** Waits until somebody wakes it, or for so many milliseconds; not at all where it was woken since the last time. */
class Doze {
  #isWoken = false
  #end: () => void = () => {}

  wake(): void {
    this.#isWoken = true
    this.#end()
  }

  async for(time: number): Promise<void> {
    if (!this.#isWoken) {
      await new Promise<void>(resolve => {
        const timer = setTimeout(resolve, time)
        this.#end = () => {
          clearTimeout(timer)
          resolve()
        }
      })
    }
    this.#isWoken = false
  }
}

/**
 * By hand, for one topic and one fifo subscription, with the same stored effects as ours: id, place and time in a log that
 * keeps what is handled, a delivery record that is ready, leased or retrying, with failures and a fencing token, leases by
 * the server's clock, batches that are stored once however often they are sent. No options, validation, events, several
 * subscriptions, keys, priorities, dead letters, suspects or generations: that is what the rest costs.
 */
class RawEqual implements Queue {
  readonly #publisher: Redis
  readonly #consumer: Redis
  readonly #listener: Redis
  readonly #scripts: Scripts
  readonly #outbox = new Coalescer<Item>(items => this.publishAll(items))
  readonly #gate = new Gate()
  readonly #doze = new Doze()
  #batches = 0
  #closed = false
  #consuming: Promise<void> = Promise.resolve()
  /** The last one: nobody waits for it before he handles what comes next. */
  #settled: Promise<unknown> = Promise.resolve()

  constructor(publisher: Redis, consumer: Redis, listener: Redis, scripts: Scripts) {
    this.#publisher = publisher
    this.#consumer = consumer
    this.#listener = listener
    this.#scripts = scripts
  }

  publish(item: Item): Promise<unknown> {
    return this.#outbox.add(item)
  }

  async publishAll(items: readonly Item[]): Promise<unknown> {
    const frames = framesOf(items)
    const stored = await this.#scripts.publish(PRODUCER, ++this.#batches, frames)
    release(frames)
    return stored
  }

  async consume(handle: Handle): Promise<void> {
    this.#listener.on('message', () => this.#doze.wake())
    await this.#listener.subscribe(WAKE)
    this.#consuming = this.#consume(handle)
  }

  pause(): void {
    this.#gate.close()
  }

  resume(): void {
    this.#gate.open()
  }

  async left(): Promise<number> {
    const client = this.#publisher
    const waiting = Number(await client.hget(KEYS.log, 'last')) - Number(await client.hget(KEYS.state, 'cursor'))
    const leases = (await client.hvals(KEYS.leases)).reduce((sum, lease) => sum + heldBy(lease), 0)
    return waiting + leases + (await client.zcard(KEYS.returning))
  }

  async close(): Promise<void> {
    this.#closed = true
    this.#gate.open()
    this.#doze.wake()
    await this.#settled
    this.#consumer.disconnect()
    this.#listener.disconnect()
    await this.#consuming
    this.#publisher.disconnect()
  }

  /** Whatever goes wrong here ends the process, as an unhandled rejection: a measurement that failed is none. */
  async #consume(handle: Handle): Promise<void> {
    let claim = this.#claim()
    try {
      while (!this.#closed) {
        const claimed = await claim
        await this.#gate.passing
        if (typeof claimed === 'number') {
          await this.#doze.for(claimed < 0 ? DOZE : Math.min(claimed, DOZE))
          claim = this.#claim()
        } else {
          claim = this.#claim()
          await this.#run(handle, claimed)
        }
      }
    } catch (error) {
      if (!this.#closed) throw error
    } finally {
      // Closing has cut it off.
      await claim.catch(() => null)
    }
  }

  async #claim(): Promise<Claimed> {
    const answer = await this.#scripts.claim(MOST, LEASE, FEW)
    if (typeof answer === 'number') return answer
    const claimed = claimOf(answer)
    const { first, last, deliveries } = claimed
    if (last - first < FEW) return claimed
    const frames = await this.#consumer.sendCommand(new Framed('hmget', [KEYS.log], placesOf(first, last)))
    for (const [i, frame] of (frames as readonly Buffer[]).entries()) deliveries.push(new Delivery(frame, first + i, 1))
    return claimed
  }

  async #run(handle: Handle, { claim, deliveries }: Claim): Promise<void> {
    const failed = await handleAll(
      handle,
      deliveries.map(({ data }) => data),
    )
    for (const i of failed) {
      const { place, attempt } = deliveries[i] as Delivery
      await this.#scripts.retry(claim, place, LADDER[attempt - 1] ?? (LADDER.at(-1) as number))
    }
    // What has failed is not its own any more: the others are acked, all at once.
    this.#settled = this.#consumer.hdel(KEYS.leases, claim)
    const isFailed = new Set(failed)
    const retried = deliveries.filter(({ attempt }, i) => attempt > 1 && !isFailed.has(i))
    if (retried.length > 0) await this.#consumer.hdel(KEYS.failures, ...retried.map(({ place }) => String(place)))
  }
}

/** How many a claim has: its row, what stands beside it, without those that it has not any more. */
function heldBy(lease: string): number {
  const [first, last, beside, without] = lease.split(' ')
  const count = (list: string | undefined) => (list?.match(/\d+/g) ?? []).length
  return Number(last) - Number(first) + 1 + count(beside) - count(without)
}

async function scriptsOf(publisher: Redis, consumer: Redis): Promise<Scripts> {
  const { log, state, leases, claims, returning, failures, producers } = KEYS
  const sha = String(await publisher.script('LOAD', PUBLISH))
  return {
    publish: (producer, number, frames) =>
      publisher.sendCommand(
        new Framed('evalsha', [sha, '3', log, producers, state, producer, String(number)], frames),
      ) as Promise<unknown>,
    claim: await loadScript(consumer, CLAIM, [log, state, leases, claims, returning, failures]),
    retry: await loadScript(consumer, RETRY, [leases, returning, failures]),
  }
}

export const rawEqual: Subject = {
  name: 'raw-equal',
  what: 'by hand in Lua over sorted sets, with the stored effects of ours: id, place, log, delivery record, failures, lease, token, batches stored once',
  keeps: true,
  only: RAW_SCENARIOS,
  open: async ({ url }) => {
    const [publisher, consumer, listener] = await Promise.all([connect(url), connect(url), connect(url)])
    return new RawEqual(publisher, consumer, listener, await scriptsOf(publisher, consumer))
  },
}
