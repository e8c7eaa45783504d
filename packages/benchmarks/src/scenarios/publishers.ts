import { BATCH } from '../payload.ts'
import type { Item, Queue } from '../subject.ts'

/** Publishes until a time of `performance.now()`; answers how many. */
export type Publish = (queue: Queue, batches: readonly (readonly Item[])[], until: number) => Promise<number>

/** Publishers that take turns: the messages of one batch stay together, and each batch is published as often as any other. */
export const publishBatchesOf =
  (publishers: number): Publish =>
  async (queue, batches, until) => {
    let next = 0
    const publisher = async () => {
      while (performance.now() < until) await queue.publishAll(batches[next++ % batches.length] as readonly Item[])
    }
    await Promise.all(Array.from({ length: publishers }, publisher))
    return next * BATCH
  }

/** Callers that await one publish each. */
export const publishSinglyBy =
  (callers: number): Publish =>
  async (queue, batches, until) => {
    const items = batches.flat()
    let published = 0
    let over = false
    const caller = async () => {
      while (!over) {
        const n = published++
        // One caller's look at the clock now and then is enough for all.
        if (n % BATCH === 0) over = performance.now() >= until
        await queue.publish(items[n % items.length] as Item)
      }
    }
    await Promise.all(Array.from({ length: callers }, caller))
    return published
  }
