import { setTimeout as sleep } from 'node:timers/promises'
import { type Broker, isPluribusError, type PublishItem, type Topic } from '@pluribus/core'
import type { Intake } from './intake.ts'
import { type Order, ordersCancelled, ordersPlaced, stockCorrected } from './model.ts'
import { toItem, topicOf } from './orders.ts'
import type { Sale } from './sale.ts'

/** Lines read at a time: what bounds the memory of the feed, and what it has in flight. */
const CHUNK = 256
const WAIT_MS = 10

/** Publishes sales in their order, chunk by chunk, until they end or the signal fires. */
export async function feed(broker: Broker, sales: AsyncIterable<Sale>, intake: Intake, signal: AbortSignal) {
  let chunk: Sale[] = []
  for await (const sale of sales) {
    if (signal.aborted) return
    chunk.push(sale)
    if (chunk.length < CHUNK) continue
    await publishChunk(broker, chunk, signal)
    intake.count(chunk)
    chunk = []
  }
  await publishChunk(broker, chunk, signal)
  intake.count(chunk)
}

async function publishChunk(broker: Broker, chunk: readonly Sale[], signal: AbortSignal): Promise<void> {
  for (const topic of [ordersPlaced, ordersCancelled, stockCorrected]) {
    const items = chunk.filter(sale => topicOf(sale) === topic).map(toItem)
    await publishAll(broker, topic, items, signal)
  }
}

/**
 * Backpressure: a broker that is full, or away, says so, and the reader waits. It may have stored a part, or all: under
 * the same ids, publishing everything again loses nothing, and a broker that de-duplicates stores nothing twice.
 */
async function publishAll(
  broker: Broker,
  topic: Topic<Order>,
  items: readonly PublishItem<Order>[],
  signal: AbortSignal,
): Promise<void> {
  for (;;) {
    try {
      await broker.publishMany(topic, items)
      return
    } catch (error) {
      if (!isPluribusError(error) || !error.retryable || signal.aborted) throw error
      await sleep(WAIT_MS)
    }
  }
}
