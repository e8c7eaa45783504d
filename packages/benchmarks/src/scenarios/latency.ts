import { makeBatches, Tally } from '../payload.ts'
import { type Column, type Scenario, SETUP, settleMemory } from '../scenario.ts'
import { quantile } from '../statistics.ts'
import type { Data, Item, Queue } from '../subject.ts'

const RATE = 500

const column = (figure: string): Column => ({ figure, title: `${figure} ms`, better: 'less', digits: 3 })

/** From the call of `publish` to the begin of the handler, at 500 messages a second. */
export const latency: Scenario = {
  name: 'latency',
  title: `latency at ${RATE} messages a second`,
  columns: [column('p50'), column('p99'), { figure: 'cpu', title: 'CPU s per 100k', better: 'less', digits: 2 }],
  compared: true,
  measure: async (subject, scale) => {
    const queue = await subject.open(SETUP)
    const items = makeBatches('bytes').flat()
    const sent: number[] = []
    const latencies: number[] = []
    const tally = new Tally()
    await queue.consume((data: Data) => {
      latencies.push(performance.now() - (sent[tally.count] as number))
      return tally.handle(data)
    })
    await settleMemory()
    // Of a service that runs: the first messages meet code that is still being compiled.
    const skipped = Math.round((scale.warmUp * RATE) / 1_000)
    const wanted = skipped + Math.round((scale.paced * RATE) / 1_000)
    const cpu = process.cpuUsage()
    await publishPaced(queue, items, wanted, sent)
    await tally.reached(wanted)
    const { user, system } = process.cpuUsage(cpu)
    await queue.close()
    const steady = latencies.slice(skipped)
    return { p50: quantile(steady, 0.5), p99: quantile(steady, 0.99), cpu: (user + system) / wanted / 10 }
  },
}

/** By the clock, whatever the answers take: who waits for a slow one would not notice how many it has held up. */
async function publishPaced(queue: Queue, items: readonly Item[], wanted: number, sent: number[]): Promise<void> {
  const stored: Promise<unknown>[] = []
  const start = performance.now()
  while (sent.length < wanted) {
    const due = start + (sent.length * 1_000) / RATE
    await new Promise(resolve => setTimeout(resolve, Math.max(0, due - performance.now())))
    const n = sent.push(performance.now()) - 1
    stored.push(queue.publish(items[n % items.length] as Item))
  }
  await Promise.all(stored)
}
