import { makeBatches, ranked, sumOfFirst, Tally } from '../payload.ts'
import { type Figures, type Scale, type Scenario, SETUP, settleMemory } from '../scenario.ts'
import { CPU, RATE, SERVER, Stopwatch, THREAD } from '../stopwatch.ts'
import type { Setup, Subject } from '../subject.ts'
import { publishBatchesOf, publishSinglyBy } from './publishers.ts'
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
  { name: 'topics-16', title: 'eight publishers, batches to 16 topics in turn', publishers: 8, setup: { topics: 16 } },
  { name: 'topics-64', title: 'eight publishers, batches to 64 topics in turn', publishers: 8, setup: { topics: 64 } },
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
  const publish = flow.callers ? publishSinglyBy(CALLERS) : publishBatchesOf(flow.publishers ?? 1)
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
