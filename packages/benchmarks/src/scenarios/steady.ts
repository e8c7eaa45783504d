import { BATCH, makeBatches, Tally } from '../payload.ts'
import { type Figures, type Scale, type Scenario, SETUP } from '../scenario.ts'
import { quantile } from '../statistics.ts'
import type { Data, Item, Queue, Subject } from '../subject.ts'
import { settled } from './settled.ts'

/** Milliseconds of one look, and how many looks are a minute. */
const SPAN = 15_000
const SPANS = 4
/** Bytes of handled messages that are kept: ten minutes of them would fill the memory of a server that keeps its data there. */
const RETAINED = 256 * 1_024 * 1_024

/**
 * Whether rate and latency at the end are those at the beginning: publishing as fast as can be while consuming, for ten minutes. The
 * samples (`--json`) have every minute, as `rate 1`, `p99 1` and so on.
 */
export const steady: Scenario = {
  name: 'steady',
  title: 'ten minutes of publishing while consuming, in spans of 15 s',
  columns: [
    { figure: 'rate', title: 'messages /s', better: 'more', digits: 0 },
    { figure: 'slowest', title: 'slowest span ÷ median', better: 'more', digits: 2 },
    { figure: 'last', title: 'last minute ÷ first', better: 'more', digits: 2 },
    { figure: 'p99', title: 'p99 ms, publish to handler, median of minutes', better: 'less', digits: 2 },
    { figure: 'p99Worst', title: 'worst minute', better: 'less', digits: 2 },
    { figure: 'p99Last', title: 'last minute ÷ first', better: 'less', digits: 2 },
    { figure: 'growth', title: 'memory of this process, last ÷ first minute', better: 'less', digits: 2 },
  ],
  compared: false,
  byNameOnly: true,
  measure: measureSteady,
}

/** What was seen in a span. */
interface Span {
  readonly rate: number
  /** Bytes, at its end. */
  readonly memory: number
  /** Of the first message of each batch: milliseconds from the call of publish to its handler. */
  readonly latencies: readonly number[]
}

async function measureSteady(subject: Subject, { warmUp, long }: Scale): Promise<Figures> {
  const queue = await subject.open({ ...SETUP, retained: RETAINED })
  const flow = new Flow(queue)
  await flow.begin()
  await flow.publishUntil(performance.now() + warmUp)
  await flow.handled()
  const span = Math.min(SPAN, long / (2 * SPANS))
  const spans: Span[] = []
  const end = performance.now() + long
  while (performance.now() < end) spans.push(await flow.span(span))
  await flow.handled()
  await settled(queue)
  await queue.close()
  return judge(spans)
}

/** Batch after batch, and when each was published. */
class Flow {
  readonly #queue: Queue
  readonly #batches = makeBatches('bytes')
  readonly #tally = new Tally()
  /** By batch, of those that are not handled: when publish was called. */
  readonly #sent = new Map<number, number>()
  #published = 0
  #latencies: number[] = []

  constructor(queue: Queue) {
    this.#queue = queue
  }

  async begin(): Promise<void> {
    const tally = this.#tally
    await this.#queue.consume((data: Data) => {
      if (tally.count % BATCH === 0) this.#arrived(tally.count)
      return tally.handle(data)
    })
  }

  async publishUntil(until: number): Promise<void> {
    for (let now = performance.now(); now < until; now = performance.now()) {
      this.#sent.set(this.#published, now)
      const batch = this.#batches[(this.#published / BATCH) % this.#batches.length] as readonly Item[]
      this.#published += BATCH
      await this.#queue.publishAll(batch)
    }
  }

  async span(length: number): Promise<Span> {
    const start = performance.now()
    const before = this.#tally.count
    this.#latencies = []
    await this.publishUntil(start + length)
    const rate = ((this.#tally.count - before) / (performance.now() - start)) * 1_000
    return { rate, memory: process.memoryUsage().rss, latencies: this.#latencies }
  }

  handled(): Promise<void> {
    return this.#tally.reached(this.#published)
  }

  /** The first message of a batch. */
  #arrived(number: number): void {
    this.#latencies.push(performance.now() - (this.#sent.get(number) as number))
    this.#sent.delete(number)
  }
}

function judge(spans: readonly Span[]): Figures {
  const rates = spans.map(({ rate }) => rate)
  const median = quantile(rates, 0.5)
  const minutes = Array.from({ length: Math.floor(spans.length / SPANS) }, (_, n) =>
    minuteOf(spans.slice(n * SPANS, (n + 1) * SPANS)),
  )
  const [first, last] = [minutes[0] as Minute, minutes.at(-1) as Minute]
  const tails = minutes.map(({ p99 }) => p99)
  const each = minutes.flatMap(({ rate, p99 }, n) => [[`rate ${n + 1}`, rate] as const, [`p99 ${n + 1}`, p99] as const])
  return {
    rate: median,
    slowest: Math.min(...rates) / median,
    last: last.rate / first.rate,
    p99: quantile(tails, 0.5),
    p99Worst: Math.max(...tails),
    p99Last: last.p99 / first.p99,
    growth: last.memory / first.memory,
    ...Object.fromEntries(each),
  }
}

interface Minute {
  readonly rate: number
  readonly p99: number
  readonly memory: number
}

const minuteOf = (spans: readonly Span[]): Minute => ({
  rate: mean(spans.map(({ rate }) => rate)),
  p99: quantile(
    spans.flatMap(({ latencies }) => latencies),
    0.99,
  ),
  memory: mean(spans.map(({ memory }) => memory)),
})

const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length
