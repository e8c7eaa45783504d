// Bytes of state for one waiting message, a million waiting. After a build: node --expose-gc packages/queue/scripts/memory.ts
import { setTimeout } from 'node:timers/promises'
import { DeliveryQueue, type Order, PendingCounts } from '../dist/index.js'

const MESSAGES = 1_000_000
const CUSTOMERS = Array.from({ length: MESSAGES }, (_, index) => `customer-${index}`)
const FEW = CUSTOMERS.slice(0, 1000)

interface Case {
  readonly order: Order
  readonly bands?: number
  readonly due?: number
  /** Keys that messages take turns with. */
  readonly keys?: readonly string[]
}

const cases: Readonly<Record<string, Case>> = {
  fifo: { order: 'fifo' },
  'priority(10)': { order: 'priority', bands: 10 },
  lifo: { order: 'lifo' },
  delayed: { order: 'fifo', due: 1 },
  'keyed, parked (fifo)': { order: 'fifo', keys: FEW },
  'keyed, parked (priority(10))': { order: 'priority', bands: 10, keys: FEW },
  'keyed, a key each (fifo)': { order: 'fifo', keys: CUSTOMERS },
  'keyed, a key each (priority)': { order: 'priority', bands: 10, keys: CUSTOMERS },
}

/** Typed arrays are freed some time after the collection that found them dead, hence the wait. */
async function used(): Promise<number> {
  if (globalThis.gc === undefined) throw new Error('Run with node --expose-gc.')
  for (let pass = 0; pass < 3; pass++) {
    globalThis.gc()
    await setTimeout(50)
  }
  const { heapUsed, arrayBuffers } = process.memoryUsage()
  return heapUsed + arrayBuffers
}

function fill({ order, bands = 1, due = 0, keys = [] }: Case): DeliveryQueue {
  const queue = new DeliveryQueue({
    order,
    bands,
    keyOf: position => keys[position % keys.length],
    bandOf: position => position % bands,
    handled: () => {},
  })
  for (let position = 0; position < MESSAGES; position++) queue.add(position, due, 0)
  // Takes one message of each key; whatever else a fifo line holds is parked behind them.
  if (keys === FEW) queue.claim(queue.open(1, 30_000), 2 * FEW.length, 0)
  return queue
}

function fillPending(): PendingCounts {
  const pending = new PendingCounts()
  for (let position = 0; position < MESSAGES; position++) pending.add(position, 1)
  return pending
}

const kept: unknown[] = []

/** The keys are the messages' own, and not counted. */
async function measure(name: string, create: () => unknown): Promise<void> {
  const before = await used()
  kept.push(create())
  const bytes = ((await used()) - before) / MESSAGES
  console.log(`${name.padEnd(30)} ${bytes.toFixed(1).padStart(6)} bytes a message`)
}

for (const [name, each] of Object.entries(cases)) await measure(name, () => fill(each))
await measure('PendingCounts', fillPending)
