import { BATCH, makeBatches, Tally } from '../payload.ts'
import { type Figures, type Scale, type Scenario, SETUP, settleMemory } from '../scenario.ts'
import { CPU, RATE, SERVER, Stopwatch, THREAD } from '../stopwatch.ts'
import type { Item, Queue, Subject } from '../subject.ts'
import { publishBatchesOf, publishSinglyBy } from './publishers.ts'
import { settled, stored } from './settled.ts'

type Batches = readonly (readonly Item[])[]

const LARGE = 4_096

/** Publishes `count` messages, or a few more, in batches. Answers how many. */
export async function fill(queue: Queue, batches: Batches, count: number): Promise<number> {
  let published = 0
  for (let i = 0; published < count; i = (i + 1) % batches.length) {
    await queue.publishAll(batches[i] as readonly Item[])
    published += BATCH
  }
  return published
}

const COLUMNS = [RATE, CPU, THREAD, SERVER]

/** A variation of "publish alone". */
interface Store {
  readonly name: string
  readonly title: string
  /** How many publishers there are, each awaiting its batches. Default: 1. */
  readonly publishers?: number
  /** As many callers, each awaiting one publish after the other, instead of publishers of batches. */
  readonly callers?: number
  /** Bytes of a message. */
  readonly size?: number
}

const STORES: readonly Store[] = [
  { name: 'publish', title: 'batches of 256' },
  { name: 'publish-wide', title: 'sixteen publishers of batches of 256', publishers: 16 },
  { name: 'publish-callers', title: 'awaited single publishes from 256 callers', callers: BATCH },
  { name: 'publish-callers-wide', title: 'awaited single publishes from 4,096 callers', callers: 16 * BATCH },
  { name: 'publish-4k', title: 'messages of 4 KiB', size: LARGE },
]

/** Confirmed publishes alone: there is a subscription, but nobody consumes. */
export const publishes: readonly Scenario[] = STORES.map(store => ({
  name: store.name,
  title: `publish alone, nobody consumes: ${store.title}`,
  columns: COLUMNS,
  compared: true,
  measure: (subject: Subject, scale: Scale) => publishAlone(subject, store, scale),
}))

async function publishAlone(subject: Subject, store: Store, { warmUp, duration }: Scale): Promise<Figures> {
  const { callers, publishers = 1, size } = store
  const publish = callers === undefined ? publishBatchesOf(publishers) : publishSinglyBy(callers)
  const batches = makeBatches('bytes', size)
  const queue = await subject.open(SETUP)
  const watch = new Stopwatch(subject)
  let published = 0
  let total = 0
  for (const time of [warmUp, duration]) {
    await settleMemory()
    watch.reset()
    watch.start()
    published = await publish(queue, batches, performance.now() + time)
    watch.stop()
    total += published
  }
  await stored(queue, total)
  await queue.close()
  return watch.per(published)
}

/** So many times longer than draining is to take everything may: who keeps in memory what waits drains in no time, and would be filled for minutes. */
const PATIENCE = 5

/** Handling what waits, in rounds until enough time is spent on it. */
const drainOf = (name: string, title: string, size?: number): Scenario => ({
  name,
  title,
  columns: COLUMNS,
  compared: true,
  measure: (subject, scale) => drainAll(subject, scale, makeBatches('bytes', size)),
})

export const drains: readonly Scenario[] = [
  drainOf('drain', 'drain: consume a backlog'),
  drainOf('drain-4k', 'drain, messages of 4 KiB', LARGE),
]

async function drainAll(subject: Subject, { warmUp, duration, drained }: Scale, batches: Batches): Promise<Figures> {
  const queue = await subject.open(SETUP)
  const tally = new Tally()
  await queue.consume(tally.handle)
  const watch = new Stopwatch(subject)
  let published = 0
  let measured = 0
  const drainFor = async (time: number, backlog: number) => {
    const end = performance.now() + PATIENCE * time
    watch.reset()
    measured = 0
    while (watch.elapsed < time && (measured === 0 || performance.now() < end)) {
      await queue.pause?.()
      measured += await fill(queue, batches, backlog)
      await settleMemory()
      const handled = tally.reached(published + measured)
      watch.start()
      await queue.resume?.()
      await handled
      watch.stop()
    }
    published += measured
  }
  const backlog = subject.isSlow ? drained / 5 : drained
  await drainFor(warmUp / 4, backlog / 10)
  await drainFor(duration, backlog)
  await settled(queue)
  await queue.close()
  return watch.per(measured)
}
