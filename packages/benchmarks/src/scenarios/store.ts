import { BATCH, makeBatches, Tally } from '../payload.ts'
import { type Figures, type Scale, type Scenario, SETUP, settleMemory } from '../scenario.ts'
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
  measure: publishAlone,
}

async function publishAlone(subject: Subject, { warmUp, duration }: Scale): Promise<Figures> {
  const queue = await subject.open(SETUP)
  const batches = makeBatches('bytes')
  const watch = new Stopwatch()
  let published = 0
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
  }
  await queue.close()
  return watch.per(published)
}

/** Handling what waits, in rounds of a million until enough time is spent on it. */
export const drain: Scenario = {
  name: 'drain',
  title: 'drain: consume a backlog of a million',
  columns: [RATE, CPU, THREAD],
  compared: true,
  measure: drainAll,
}

async function drainAll(subject: Subject, { warmUp, duration, million }: Scale): Promise<Figures> {
  const queue = await subject.open(SETUP)
  const batches = makeBatches('bytes')
  const tally = new Tally()
  await queue.consume(tally.handle)
  const watch = new Stopwatch()
  let published = 0
  let measured = 0
  const drainFor = async (time: number, backlog: number) => {
    watch.reset()
    measured = 0
    while (watch.elapsed < time) {
      queue.pause?.()
      measured += await fill(queue, batches, backlog)
      await settleMemory()
      const handled = tally.reached(published + measured)
      watch.start()
      queue.resume?.()
      await handled
      watch.stop()
    }
    published += measured
  }
  await drainFor(warmUp / 4, million / 10)
  await drainFor(duration, million)
  await queue.close()
  return watch.per(measured)
}
