import { BATCH, makeBatches, ranked, sumOfFirst, Tally } from '../payload.ts'
import { type Figures, type Scale, type Scenario, SETUP, settleMemory } from '../scenario.ts'
import { CPU, RATE, SERVER, Stopwatch, THREAD } from '../stopwatch.ts'
import type { Item, Queue, Setup, Subject } from '../subject.ts'
import { settled } from './settled.ts'

const CALLERS = 64

/** A variation of "publish while consuming". */
interface Flow {
  readonly name: string
  readonly title: string
  readonly setup?: Partial<Setup>
  readonly rank?: 'priority' | 'key'
  /** Handlers that return a promise. */
  readonly later?: boolean
  /** 64 callers, each awaiting one publish after the other, instead of one that awaits batches of 256. */
  readonly callers?: boolean
  /** How many publishers there are, each awaiting its batches. Default: 1. */
  readonly publishers?: number
  /** Bytes of a message. */
  readonly size?: number
}

const FLOWS: readonly Flow[] = [
  { name: 'bytes', title: 'batches of 256, synchronous handler' },
  { name: 'wide', title: 'eight publishers of batches of 256', publishers: 8 },
  { name: 'bytes-4k', title: 'batches of 256 messages of 4 KiB', size: 4_096 },
  { name: 'single', title: 'awaited single publishes from 64 callers', callers: true },
  { name: 'async', title: 'batches of 256, asynchronous handlers', later: true },
  { name: 'json', title: 'JSON both ways', setup: { format: 'json' } },
  { name: 'priority', title: 'ten priorities', setup: { discipline: 'priority' }, rank: 'priority' },
  { name: 'keys', title: 'a thousand keys', rank: 'key' },
  { name: 'middlewares', title: 'three consumer middlewares', setup: { middlewares: 3 } },
]

/** Publishing and consuming at once, counted at the consumer. */
export const flows: readonly Scenario[] = FLOWS.map(flow => ({
  name: flow.name,
  title: `publish while consuming: ${flow.title}`,
  columns: [RATE, CPU, THREAD, SERVER],
  compared: true,
  measure: (subject: Subject, scale: Scale) => measureFlow(subject, flow, scale),
}))

async function measureFlow(subject: Subject, flow: Flow, { warmUp, duration }: Scale): Promise<Figures> {
  const setup = { ...SETUP, ...flow.setup }
  const plain = makeBatches(setup.format, flow.size)
  const batches = flow.rank === undefined ? plain : ranked(plain, flow.rank)
  const queue = await subject.open(setup)
  const tally = new Tally()
  await queue.consume(flow.later ? tally.handleLater : tally.handle)
  const publish = flow.callers ? publishSingly : publishBatchesOf(flow.publishers ?? 1)
  const watch = new Stopwatch(subject)
  let published = 0
  let measured = 0
  // The same queue warms up: code that was compiled for one that is gone would be thrown away with it.
  for (const time of [warmUp, duration]) {
    await settleMemory()
    watch.reset()
    watch.start()
    measured = await publish(queue, batches, performance.now() + time)
    published += measured
    await tally.reached(published)
    watch.stop()
  }
  await settled(queue)
  await queue.close()
  check(subject, tally, published, measured)
  return watch.per(measured)
}

function check(subject: Subject, tally: Tally, published: number, measured: number): void {
  const expected = sumOfFirst(published - measured) + sumOfFirst(measured)
  if (tally.count === published && tally.sum === expected) return
  throw new Error(`${subject.name} handled ${tally.count} of ${published} messages, or others than were published.`)
}

/** Publishers that take turns: the messages of one batch stay together, and each batch is published as often as any other. */
const publishBatchesOf =
  (publishers: number) =>
  async (queue: Queue, batches: readonly (readonly Item[])[], until: number): Promise<number> => {
    let next = 0
    const publisher = async () => {
      while (performance.now() < until) await queue.publishAll(batches[next++ % batches.length] as readonly Item[])
    }
    await Promise.all(Array.from({ length: publishers }, publisher))
    return next * BATCH
  }

async function publishSingly(queue: Queue, batches: readonly (readonly Item[])[], until: number): Promise<number> {
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
  await Promise.all(Array.from({ length: CALLERS }, caller))
  return published
}
