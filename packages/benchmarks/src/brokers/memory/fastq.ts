import type fastq from 'fastq'
import type { queueAsPromised } from 'fastq'
import type { Data, Handle, Item, Queue, Setup, Subject } from '../../subject.ts'

/** `fastq.promise`: a queue with a concurrency limit, in memory, without retry. */
class FastqQueue implements Queue {
  readonly #queue: queueAsPromised<Data, void>
  readonly #awaited: boolean
  #handle: Handle | undefined

  constructor({ promise }: typeof fastq, concurrency: number, awaited: boolean) {
    this.#queue = promise<undefined, Data, void>(async data => this.#handle?.(data), concurrency)
    this.#awaited = awaited
    // Nothing runs before there is a consumer: so a backlog can be made, and publishing measured alone.
    this.#queue.pause()
  }

  publish(item: Item): Promise<void> {
    const handled = this.#queue.push(item.data)
    // It is in the queue: that is what `stored` means here. The promise of push resolves when it has been handled.
    return this.#awaited ? handled : Promise.resolve()
  }

  publishAll(items: readonly Item[]): Promise<unknown> {
    if (this.#awaited) return Promise.all(items.map(item => this.#queue.push(item.data)))
    for (const item of items) this.#queue.push(item.data)
    return Promise.resolve()
  }

  async consume(handle: Handle): Promise<void> {
    this.#handle = handle
    this.#queue.resume()
  }

  pause(): void {
    this.#queue.pause()
  }

  resume(): void {
    this.#queue.resume()
  }

  async close(): Promise<void> {
    this.#queue.kill()
  }
}

const queued = (concurrency: number): Subject => ({
  name: `fastq-c${concurrency}`,
  what: `peer: fastq's queue, ${concurrency} at once, push not awaited`,
  keeps: false,
  only: ['publish', 'drain', 'bytes', 'single', 'async', 'latency'],
  // Loaded here, so that the process of another subject is spared it.
  open: async () => new FastqQueue((await import('fastq')).default, concurrency, false),
})

export const fastqQueued = queued(50)
export const fastqQueued64 = queued(64)

export const fastqAwaited: Subject = {
  name: 'fastq-awaited',
  what: 'peer: fastq, 64 at once, each push awaited until it is handled: no backlog can form',
  keeps: false,
  only: ['bytes', 'single', 'async', 'latency'],
  open: async ({ concurrency }: Setup) => new FastqQueue((await import('fastq')).default, concurrency, true),
}
