import { makeBatches, Tally } from '../payload.ts'
import { type Column, type Scenario, SETUP, settleMemory } from '../scenario.ts'
import { quantile } from '../statistics.ts'
import type { Data, Subject } from '../subject.ts'
import { fill } from './store.ts'

const COLUMNS: readonly Column[] = [
  { figure: 'p99', title: 'timer lag p99 ms', better: 'less', digits: 2 },
  { figure: 'max', title: 'max ms', better: 'less', digits: 2 },
  { figure: 'idle', title: 'p99 ms when idle', better: 'less', digits: 2 },
]

/** How late a timer of 1 ms is, again and again, until stopped. */
class LagProbe {
  readonly lags: number[] = []
  #timer: NodeJS.Timeout | undefined

  constructor() {
    this.#arm()
  }

  stop(): readonly number[] {
    clearTimeout(this.#timer)
    return this.lags
  }

  #arm(): void {
    const start = performance.now()
    this.#timer = setTimeout(() => {
      this.lags.push(Math.max(0, performance.now() - start - 1))
      this.#arm()
    }, 1)
  }
}

/** Keeps the thread busy for so many microseconds, as a handler that computes does. */
function spin(microseconds: number): void {
  const until = performance.now() + microseconds / 1_000
  while (performance.now() < until);
}

/** Whether timers still fire while a synchronous handler has a million messages waiting. */
const lagWith = (name: string, title: string, work: number, seconds: number): Scenario => ({
  name,
  title,
  columns: COLUMNS,
  compared: false,
  measure: async (subject: Subject, scale) => {
    const idle = await idleLag()
    const queue = await subject.open(SETUP)
    const tally = new Tally()
    let until = 0
    await queue.consume((data: Data) => {
      // After the measured time the rest is handled without work, or this would take a minute.
      if (work > 0 && performance.now() < until) spin(work)
      return tally.handle(data)
    })
    const batches = makeBatches('bytes')
    let published = await fill(queue, batches, scale.million / 10)
    await tally.reached(published)
    await queue.pause?.()
    published += await fill(queue, batches, scale.million)
    await settleMemory()
    until = performance.now() + seconds * 1_000
    const probe = new LagProbe()
    const handled = tally.reached(published)
    await queue.resume?.()
    await Promise.race([handled, new Promise(resolve => setTimeout(resolve, seconds * 1_000))])
    // One more turn, so that a timer that starved until now is counted with its whole lag.
    await new Promise(resolve => setTimeout(resolve, 2))
    const lags = probe.stop()
    await queue.close()
    return { p99: quantile(lags, 0.99), max: Math.max(...lags), idle }
  },
})

async function idleLag(): Promise<number> {
  const probe = new LagProbe()
  await new Promise(resolve => setTimeout(resolve, 500))
  return quantile(probe.stop(), 0.99)
}

export const lags: readonly Scenario[] = [
  lagWith('lag', 'timer lag while a synchronous handler has a million messages waiting', 0, 5),
  lagWith('lag-busy', 'the same, each message taking 20 µs of computing', 20, 2),
]
