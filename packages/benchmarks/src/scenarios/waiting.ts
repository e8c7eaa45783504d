import { makeBatches } from '../payload.ts'
import { type Column, type Figures, type Scale, type Scenario, SETUP, settleMemory } from '../scenario.ts'
import type { Subject } from '../subject.ts'
import { fill } from './store.ts'

/** Bytes. */
const STABLE = 4_096

const COLUMNS: readonly Column[] = [
  { figure: 'state', title: 'bytes of state a waiting message', better: 'less', digits: 1 },
  { figure: 'total', title: 'bytes with the message', better: 'less', digits: 1 },
]

/**
 * Memory per waiting message: heap and buffers after garbage collection. State beside the message itself is what a
 * subscription adds to a topic that keeps its messages anyway: the same topic is filled with and without.
 */
const waitingOf = (name: string, size: (scale: Scale) => number): Scenario => ({
  name: `waiting-${name}`,
  title: `memory a waiting message, ${name} waiting`,
  columns: COLUMNS,
  compared: false,
  measure: async (subject, scale) => {
    const count = size(scale)
    // Of a thousand messages' state the noise would be larger than the figure: so many queues share it there.
    const queues = subject.keeps ? Math.max(1, Math.min(64, Math.floor(100_000 / count))) : 1
    await bytesFor(subject, 50_000, queues)
    const bare = subject.keeps ? await bytesFor(subject, count, 0) : 0
    const total = await bytesFor(subject, count, queues)
    return { state: (total - bare) / queues / count, total: ((total - bare) / queues + bare) / count } satisfies Figures
  },
})

export const waiting: readonly Scenario[] = [
  waitingOf('1k', () => 1_000),
  waitingOf('100k', () => 100_000),
  waitingOf('1M', scale => scale.million),
]

async function bytesFor(subject: Subject, count: number, subscriptions: number): Promise<number> {
  const queue = await subject.open({ ...SETUP, subscriptions })
  const batches = makeBatches('bytes')
  const before = await usage()
  const stored = await fill(queue, batches, count)
  const after = await usage()
  await queue.close()
  return ((after - before) * count) / stored
}

/**
 * Bytes in use when collecting brings no more. One collection is not enough: what the queue before has left behind would be
 * found missing while this one is measured, and make it look smaller.
 */
async function usage(): Promise<number> {
  let last = Number.POSITIVE_INFINITY
  for (let tries = 0; tries < 50; tries++) {
    await settleMemory()
    // `external` includes the array buffers.
    const { heapUsed, external } = process.memoryUsage()
    if (last - heapUsed - external < STABLE) return heapUsed + external
    last = heapUsed + external
  }
  return last
}
