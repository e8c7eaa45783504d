import type BeeQueue from 'bee-queue'
import { PEER_SCENARIOS } from '../../server/scenarios.ts'
import { reading, type Text, textOf } from '../../server/text.ts'
import type { Handle, Item, Queue, Setup, Subject } from '../../subject.ts'

/** What its documentation names for throughput: no events, no jobs kept in memory, none kept when handled, no delays. */
const FAST = {
  getEvents: false,
  sendEvents: false,
  storeJobs: false,
  removeOnSuccess: true,
  activateDelayedJobs: false,
}

class Bee implements Queue {
  readonly #publisher: BeeQueue<Text>
  readonly #open: () => BeeQueue<Text>
  readonly #concurrency: number
  #worker: BeeQueue<Text> | undefined
  #handle: Handle | undefined

  constructor(publisher: BeeQueue<Text>, open: () => BeeQueue<Text>, concurrency: number) {
    this.#publisher = publisher
    this.#open = open
    this.#concurrency = concurrency
  }

  publish(item: Item): Promise<unknown> {
    return this.#publisher.createJob(textOf(item)).retries(5).save()
  }

  async publishAll(items: readonly Item[]): Promise<void> {
    const jobs = items.map(item => this.#publisher.createJob(textOf(item)).retries(5))
    for (const [, error] of await this.#publisher.saveAll(jobs)) throw error
  }

  async consume(handle: Handle): Promise<void> {
    this.#handle = handle
    await this.resume()
  }

  /** It has no pause: another worker takes over. */
  async pause(): Promise<void> {
    await this.#worker?.close()
  }

  async resume(): Promise<void> {
    const run = reading(this.#handle as Handle)
    this.#worker = this.#open()
    await this.#worker.ready()
    this.#worker.process(this.#concurrency, async job => run(job.data))
  }

  async left(): Promise<number> {
    const { waiting, active, delayed, failed } = await this.#publisher.checkHealth()
    return waiting + active + delayed + failed
  }

  async close(): Promise<void> {
    await this.#worker?.close()
    await this.#publisher.close()
  }
}

async function open({ url, concurrency }: Setup): Promise<Queue> {
  const { default: Constructor } = await import('bee-queue')
  const queue = (isWorker: boolean) => new Constructor<Text>('orders', { ...FAST, isWorker, redis: { url } })
  const publisher = queue(false)
  await publisher.ready()
  return new Bee(publisher, () => queue(true), concurrency)
}

export const beeQueue: Subject = {
  name: 'bee-queue',
  what: 'peer: bee-queue, saveAll, 64 at once, no events, what is handled is deleted',
  keeps: true,
  isSlow: true,
  only: PEER_SCENARIOS,
  open,
}
