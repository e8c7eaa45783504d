import { BATCH, makeBatches, Tally } from '../payload.ts'
import { type Figures, type Scenario, SETUP, settleMemory } from '../scenario.ts'
import { CPU, RATE, Stopwatch, THREAD } from '../stopwatch.ts'
import type { Item, Queue, Subject } from '../subject.ts'

type Batches = readonly (readonly Item[])[]

/** Publishes `count` messages, or a few more, in batches. Answers how many. */
export async function fill(queue: Queue, batches: Batches, count: number): Promise<number> {
  let published = 0
  for (let i = 0; published < count; i = (i + 1) % batches.length) {
    await queue.publishAll(batches[i] as readonly Item[])
    published += BATCH
  }
  return published
}

/** Confirmed publishes alone: there is a subscription, but nobody consumes. */
export const publish: Scenario = {
  name: 'publish',
  title: 'publish alone: batches of 256, nobody consumes',
  columns: [RATE, CPU, THREAD],
  compared: true,
  measure: async (subject, scale) => {
    await publishFor(subject, scale.warmUp)
    return publishFor(subject, scale.duration)
  },
}

async function publishFor(subject: Subject, duration: number): Promise<Figures> {
  const queue = await subject.open(SETUP)
  const batches = makeBatches('bytes')
  await settleMemory()
  const watch = new Stopwatch()
  watch.start()
  const until = performance.now() + duration
  let published = 0
  for (let i = 0; performance.now() < until; i = (i + 1) % batches.length) {
    await queue.publishAll(batches[i] as readonly Item[])
    published += BATCH
  }
  watch.stop()
  await queue.close()
  return watch.per(published)
}

/** Handling what waits, in rounds of a million until enough time is spent on it. */
export const drain: Scenario = {
  name: 'drain',
  title: 'drain: consume a backlog of a million',
  columns: [RATE, CPU, THREAD],
  compared: true,
  measure: async (subject, scale) => {
    await drainFor(subject, scale.warmUp, scale.million / 10)
    return drainFor(subject, scale.duration, scale.million)
  },
}

async function drainFor(subject: Subject, duration: number, backlog: number): Promise<Figures> {
  const queue = await subject.open(SETUP)
  const batches = makeBatches('bytes')
  const tally = new Tally()
  await queue.consume(tally.handle)
  queue.pause?.()
  const watch = new Stopwatch()
  let published = 0
  while (watch.elapsed < duration) {
    published += await fill(queue, batches, backlog)
    await settleMemory()
    const handled = tally.reached(published)
    watch.start()
    queue.resume?.()
    await handled
    watch.stop()
    queue.pause?.()
  }
  await queue.close()
  return watch.per(published)
}
