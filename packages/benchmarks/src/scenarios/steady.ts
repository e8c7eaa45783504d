import { BATCH, makeBatches, Tally } from '../payload.ts'
import { type Figures, type Scale, type Scenario, SETUP } from '../scenario.ts'
import { quantile } from '../statistics.ts'
import type { Item, Queue, Subject } from '../subject.ts'
import { settled } from './settled.ts'

/** Milliseconds of one look. */
const SPAN = 15_000
/** Bytes of handled messages that are kept: ten minutes of them would fill the memory of a server that keeps its data there. */
const RETAINED = 256 * 1_024 * 1_024

/** Whether the rate at the end is that at the beginning: publishing as fast as can be while consuming, for ten minutes. */
export const steady: Scenario = {
  name: 'steady',
  title: 'ten minutes of publishing while consuming, in spans of 15 s',
  columns: [
    { figure: 'rate', title: 'messages /s', better: 'more', digits: 0 },
    { figure: 'slowest', title: 'slowest span ÷ median', better: 'more', digits: 2 },
    { figure: 'last', title: 'last minute ÷ first', better: 'more', digits: 2 },
    { figure: 'growth', title: 'memory of this process, last ÷ first minute', better: 'less', digits: 2 },
  ],
  compared: false,
  byNameOnly: true,
  measure: measureSteady,
}

/** What was seen at the end of a span. */
interface Span {
  readonly rate: number
  /** Bytes. */
  readonly memory: number
}

async function measureSteady(subject: Subject, { warmUp, long }: Scale): Promise<Figures> {
  const queue = await subject.open({ ...SETUP, retained: RETAINED })
  const batches = makeBatches('bytes')
  const tally = new Tally()
  await queue.consume(tally.handle)
  let published = await publishUntil(queue, batches, performance.now() + warmUp)
  await tally.reached(published)
  const span = Math.min(SPAN, long / 8)
  const spans: Span[] = []
  const end = performance.now() + long
  while (performance.now() < end) {
    const start = performance.now()
    const before = tally.count
    published += await publishUntil(queue, batches, start + span)
    spans.push({
      rate: ((tally.count - before) / (performance.now() - start)) * 1_000,
      memory: process.memoryUsage().rss,
    })
  }
  await tally.reached(published)
  await settled(queue)
  await queue.close()
  return judge(spans)
}

async function publishUntil(queue: Queue, batches: readonly (readonly Item[])[], until: number): Promise<number> {
  let published = 0
  while (performance.now() < until) {
    await queue.publishAll(batches[(published / BATCH) % batches.length] as readonly Item[])
    published += BATCH
  }
  return published
}

function judge(spans: readonly Span[]): Figures {
  const rates = spans.map(({ rate }) => rate)
  const median = quantile(rates, 0.5)
  const first = spans.slice(0, 4)
  const last = spans.slice(-4)
  return {
    rate: median,
    slowest: Math.min(...rates) / median,
    last: mean(last.map(({ rate }) => rate)) / mean(first.map(({ rate }) => rate)),
    growth: mean(last.map(({ memory }) => memory)) / mean(first.map(({ memory }) => memory)),
  }
}

const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length
