import { BATCH, makeBatches, ranked, sumOfFirst, Tally } from '../payload.ts'
import { type Figures, type Scale, type Scenario, SETUP, settleMemory } from '../scenario.ts'
import { CPU, RATE, Stopwatch, THREAD } from '../stopwatch.ts'
import type { Item, Queue, Setup, Subject } from '../subject.ts'

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
}

const FLOWS: readonly Flow[] = [
  { name: 'bytes', title: 'batches of 256, synchronous handler' },
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
  columns: [RATE, CPU, THREAD],
  compared: true,
  measure: (subject: Subject, scale: Scale) => measureFlow(subject, flow, scale),
}))

async function measureFlow(subject: Subject, flow: Flow, { warmUp, duration }: Scale): Promise<Figures> {
  const setup = { ...SETUP, ...flow.setup }
  const plain = makeBatches(setup.format)
  const batches = flow.rank === undefined ? plain : ranked(plain, flow.rank)
  const queue = await subject.open(setup)
  const tally = new Tally()
  await queue.consume(flow.later ? tally.handleLater : tally.handle)
  const publish = flow.callers ? publishSingly : publishBatches
  const watch = new Stopwatch()
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
  await queue.close()
  check(subject, tally, published, measured)
  return watch.per(measured)
}

function check(subject: Subject, tally: Tally, published: number, measured: number): void {
  const expected = sumOfFirst(published - measured) + sumOfFirst(measured)
  if (tally.count === published && tally.sum === expected) return
  throw new Error(`${subject.name} handled ${tally.count} of ${published} messages, or others than were published.`)
}

async function publishBatches(queue: Queue, batches: readonly (readonly Item[])[], until: number): Promise<number> {
  let published = 0
  for (let i = 0; performance.now() < until; i = (i + 1) % batches.length) {
    await queue.publishAll(batches[i] as readonly Item[])
    published += BATCH
  }
  return published
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
