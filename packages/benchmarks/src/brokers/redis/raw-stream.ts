import type { Redis } from 'ioredis-6'
import { Coalescer } from '../../server/coalescer.ts'
import { Gate } from '../../server/gate.ts'
import { handleAll } from '../../server/handle-all.ts'
import { RAW_SCENARIOS } from '../../server/scenarios.ts'
import { bufferOf } from '../../server/text.ts'
import type { Handle, Item, Queue, Subject } from '../../subject.ts'
import { connect } from './client.ts'
import { leftInGroup } from './group.ts'

const STREAM = 'orders'
const GROUP = 'bench'
const CONSUMER = 'one'
const MOST = 256
/** Milliseconds. */
const PATIENCE = 5_000
const LEASE = 30_000

/** An entry: its id, and its fields and values in turn. */
type Entry = readonly [id: Buffer, fields: readonly [name: Buffer, value: Buffer]]
type Reply = readonly [readonly [stream: Buffer, entries: readonly Entry[]]] | null

/**
 * A stream and a consumer group, as most users of Redis write it, with all that the manual advises: pipelined XADD, XREADGROUP
 * and XACK of many, the next batch fetched ahead, XAUTOCLAIM for what a crashed consumer has left.
 */
class StreamQueue implements Queue {
  readonly #publisher: Redis
  readonly #consumer: Redis
  readonly #outbox = new Coalescer<Buffer>(batch => this.#add(batch))
  readonly #gate = new Gate()
  #closed = false
  #handle: Handle | undefined
  #consuming: Promise<void> = Promise.resolve()
  /** The last one: nobody waits for it before he handles what comes next. */
  #acked: Promise<unknown> = Promise.resolve()
  readonly #watch = setInterval(() => this.#reclaim(), LEASE / 3)

  constructor(publisher: Redis, consumer: Redis) {
    this.#publisher = publisher
    this.#consumer = consumer
  }

  publish(item: Item): Promise<unknown> {
    return this.#outbox.add(bufferOf(item.data))
  }

  publishAll(items: readonly Item[]): Promise<unknown> {
    return this.#add(items.map(({ data }) => bufferOf(data)))
  }

  async consume(handle: Handle): Promise<void> {
    this.#handle = handle
    this.#consuming = this.#consume()
  }

  pause(): void {
    this.#gate.close()
  }

  resume(): void {
    this.#gate.open()
  }

  left(): Promise<number> {
    return leftInGroup(this.#publisher, STREAM)
  }

  async close(): Promise<void> {
    clearInterval(this.#watch)
    this.#closed = true
    this.#gate.open()
    this.#consumer.disconnect()
    await this.#consuming
    await this.#acked
    this.#publisher.disconnect()
  }

  async #add(batch: readonly Buffer[]): Promise<void> {
    const pipeline = this.#publisher.pipeline()
    for (const body of batch) pipeline.xadd(STREAM, '*', 'd', body)
    const results = await pipeline.exec()
    for (const [error] of results ?? []) if (error !== null) throw error
  }

  #read(): Promise<Reply> {
    const where = ['COUNT', MOST, 'BLOCK', PATIENCE, 'STREAMS', STREAM, '>']
    return this.#consumer.callBuffer('XREADGROUP', ['GROUP', GROUP, CONSUMER, ...where]) as Promise<Reply>
  }

  async #consume(): Promise<void> {
    let read = this.#read()
    try {
      while (!this.#closed) {
        const reply = await read
        await this.#gate.passing
        read = this.#read()
        if (reply !== null) await this.#run(reply[0][1])
      }
    } catch (error) {
      if (!this.#closed) throw error
    } finally {
      // Closing has cut it off.
      await read.catch(() => null)
    }
  }

  /** What fails stays pending, and is claimed again when its time is over. */
  async #run(entries: readonly Entry[]): Promise<void> {
    const bodies = entries.map(([, [, value]]) => value)
    const failed = new Set(await handleAll(this.#handle as Handle, bodies))
    const ids = entries.filter((_, i) => !failed.has(i)).map(([id]) => id.toString('latin1'))
    this.#acked = this.#publisher.xack(STREAM, GROUP, ...ids)
  }

  async #reclaim(): Promise<void> {
    if (this.#handle === undefined) return
    const call = [STREAM, GROUP, CONSUMER, LEASE, '0', 'COUNT', MOST]
    const [, entries] = (await this.#publisher.callBuffer('XAUTOCLAIM', call)) as [Buffer, readonly Entry[]]
    if (entries.length > 0) await this.#run(entries)
  }
}

export const rawStream: Subject = {
  name: 'raw-stream',
  what: 'the client and a stream: pipelined XADD, XREADGROUP and XACK of 256, the next one fetched ahead, XAUTOCLAIM',
  keeps: true,
  only: RAW_SCENARIOS,
  open: async ({ url }) => {
    const [publisher, consumer] = await Promise.all([connect(url), connect(url)])
    await publisher.xgroup('CREATE', STREAM, GROUP, '0', 'MKSTREAM')
    return new StreamQueue(publisher, consumer)
  },
}
