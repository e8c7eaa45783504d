import type { Broker, PublishItem } from '@pluribus/core'
import type { Intake } from './intake.ts'
import { type Order, ordersCancelled, ordersPlaced, stockCorrected } from './model.ts'
import { toItem, topicOf } from './orders.ts'
import { patiently } from './patiently.ts'
import type { Sale } from './sale.ts'

/** Lines read at a time: what bounds the memory of the feed, and what it has in flight. */
const CHUNK = 256
const TOPICS = [ordersPlaced, ordersCancelled, stockCorrected]

/**
 * The orders that an earlier run has stored: the feed goes on behind them. Another process that feeds the same sales at this
 * moment does no harm, because the broker recognises an id for minutes after it was stored.
 */
export async function ordersIn(broker: Broker): Promise<ReadonlySet<string>> {
  const ids = new Set<string>()
  for (const topic of TOPICS) for await (const { id } of broker.history(topic)) ids.add(id)
  return ids
}

export interface FeedOptions {
  readonly sales: AsyncIterable<Sale>
  readonly intake: Intake
  /** What need not be published any more. */
  readonly stored: ReadonlySet<string>
  readonly signal: AbortSignal
}

/** Publishes sales in their order, chunk by chunk, until they end or the signal fires. */
export async function feed(broker: Broker, { sales, intake, stored, signal }: FeedOptions): Promise<void> {
  let chunk: Sale[] = []
  const flush = async () => {
    await publishChunk(broker, chunk, stored, signal)
    intake.count(chunk)
    chunk = []
  }
  for await (const sale of sales) {
    if (signal.aborted) return
    chunk.push(sale)
    if (chunk.length === CHUNK) await flush()
  }
  await flush()
}

/**
 * Backpressure: a broker that is full, or away, says so, and the reader waits. It may have stored a part, or all: under
 * the same ids, publishing everything again loses nothing, and a broker that de-duplicates stores nothing twice.
 */
async function publishChunk(
  broker: Broker,
  chunk: readonly Sale[],
  stored: ReadonlySet<string>,
  signal: AbortSignal,
): Promise<void> {
  for (const topic of TOPICS) {
    const items = chunk.filter(sale => topicOf(sale) === topic).map(toItem)
    const missing = items.filter(({ id }: PublishItem<Order>) => !stored.has(id ?? ''))
    await patiently(() => broker.publishMany(topic, missing), signal)
  }
}
