import { BATCH, makeBatches, Tally } from '../payload.ts'
import { CPU, type Figures, RATE, type Scenario, SETUP, settleMemory } from '../scenario.ts'
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
  columns: [RATE, CPU],
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
  const cpu = process.cpuUsage()
  const start = performance.now()
  let published = 0
  for (let i = 0; performance.now() < start + duration; i = (i + 1) % batches.length) {
    await queue.publishAll(batches[i] as readonly Item[])
    published += BATCH
  }
  const elapsed = performance.now() - start
  const { user, system } = process.cpuUsage(cpu)
  await queue.close()
  return { rate: (published / elapsed) * 1_000, cpu: (user + system) / published / 10 }
}

/** Handling what waits, in rounds of a million until enough time is spent on it. */
export const drain: Scenario = {
  name: 'drain',
  title: 'drain: consume a backlog of a million',
  columns: [RATE, CPU],
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
  let elapsed = 0
  let cpu = 0
  let published = 0
  while (elapsed < duration) {
    published += await fill(queue, batches, backlog)
    await settleMemory()
    const before = process.cpuUsage()
    const start = performance.now()
    const handled = tally.reached(published)
    queue.resume?.()
    await handled
    elapsed += performance.now() - start
    const { user, system } = process.cpuUsage(before)
    cpu += user + system
    queue.pause?.()
  }
  await queue.close()
  return { rate: (published / elapsed) * 1_000, cpu: cpu / published / 10 }
}
