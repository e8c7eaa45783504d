import { BATCH, makeBatches, Tally } from '../payload.ts'
import { type Figures, type Scale, type Scenario, SETUP, settleMemory } from '../scenario.ts'
import { CPU, RATE, SERVER, Stopwatch, THREAD } from '../stopwatch.ts'
import type { Item, Queue, Subject } from '../subject.ts'
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

/** Confirmed publishes alone: there is a subscription, but nobody consumes. */
const publishOf = (name: string, title: string, size?: number): Scenario => ({
  name,
  title,
  columns: COLUMNS,
  compared: true,
  measure: (subject, scale) => publishAlone(subject, scale, makeBatches('bytes', size)),
})

export const publishes: readonly Scenario[] = [
  publishOf('publish', 'publish alone: batches of 256, nobody consumes'),
  publishOf('publish-4k', 'publish alone, messages of 4 KiB', LARGE),
]

async function publishAlone(subject: Subject, { warmUp, duration }: Scale, batches: Batches): Promise<Figures> {
  const queue = await subject.open(SETUP)
  const watch = new Stopwatch(subject)
  let published = 0
  let total = 0
  for (const time of [warmUp, duration]) {
    await settleMemory()
    published = 0
    watch.reset()
    watch.start()
    const until = performance.now() + time
    for (let i = 0; performance.now() < until; i = (i + 1) % batches.length) {
      await queue.publishAll(batches[i] as readonly Item[])
      published += BATCH
    }
    watch.stop()
    total += published
  }
  await stored(queue, total)
  await queue.close()
  return watch.per(published)
}

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
    watch.reset()
    measured = 0
    while (watch.elapsed < time) {
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
