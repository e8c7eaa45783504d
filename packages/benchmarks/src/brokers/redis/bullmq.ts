import type { Queue as BullQueue, Worker } from 'bullmq'
import { PEER_SCENARIOS } from '../../server/scenarios.ts'
import { reading, type Text, textOf } from '../../server/text.ts'
import type { Handle, Item, Queue, Setup, Subject } from '../../subject.ts'

const NAME = 'orders'

/** What is handled is deleted, as its guide for production advises; five attempts, as ours. */
const JOB = { attempts: 5, removeOnComplete: true, removeOnFail: true }

class BullMq implements Queue {
  readonly #queue: BullQueue<Text>
  readonly #open: (handle: Handle) => Worker<Text>
  #worker: Worker<Text> | undefined

  constructor(queue: BullQueue<Text>, open: (handle: Handle) => Worker<Text>) {
    this.#queue = queue
    this.#open = open
  }

  publish(item: Item): Promise<unknown> {
    return this.#queue.add('placed', textOf(item))
  }

  publishAll(items: readonly Item[]): Promise<unknown> {
    return this.#queue.addBulk(items.map(item => ({ name: 'placed', data: textOf(item) })))
  }

  async consume(handle: Handle): Promise<void> {
    this.#worker = this.#open(handle)
    await this.#worker.waitUntilReady()
  }

  async pause(): Promise<void> {
    await this.#worker?.pause()
  }

  resume(): void {
    this.#worker?.resume()
  }

  async left(): Promise<number> {
    const counts = await this.#queue.getJobCounts('waiting', 'active', 'delayed', 'prioritized', 'failed')
    return Object.values(counts).reduce((sum, count) => sum + count, 0)
  }

  async close(): Promise<void> {
    await this.#worker?.close()
    await this.#queue.close()
  }
}

async function open({ url, concurrency }: Setup): Promise<Queue> {
  const { Queue: Bull, Worker } = await import('bullmq')
  const { hostname: host, port } = new URL(url)
  const connection = { host, port: Number(port), maxRetriesPerRequest: null }
  const queue = new Bull<Text>(NAME, { connection, defaultJobOptions: JOB })
  await queue.waitUntilReady()
  return new BullMq(queue, handle => {
    const run = reading(handle)
    return new Worker<Text>(NAME, async job => run(job.data), { connection, concurrency })
  })
}

export const bullmq: Subject = {
  name: 'bullmq',
  what: 'peer: BullMQ, addBulk, 64 at once, what is handled is deleted',
  keeps: true,
  isSlow: true,
  only: PEER_SCENARIOS,
  open,
}
