import { makeBatches, Tally } from '../payload.ts'
import { type Figures, type Scale, type Scenario, SETUP, settleMemory } from '../scenario.ts'
import type { Subject } from '../subject.ts'
import { fill } from './store.ts'

/**
 * What a message costs, published and handled, where so many wait: cycles of filling the queue and draining it. The same
 * number of messages in total, whatever waits, so that only the backlog differs.
 */
const backlogOf = (name: string, size: (scale: Scale) => number): Scenario => ({
  name: `backlog-${name}`,
  title: `cost of a message, published and handled, at a fifo backlog of ${name}`,
  columns: [{ figure: 'cost', title: 'ns a message', better: 'less', digits: 0 }],
  compared: true,
  measure: async (subject, scale) => {
    await cycles(subject, Math.min(size(scale), 20_000), scale.million / 4)
    return cycles(subject, size(scale), scale.million)
  },
})

export const backlogs: readonly Scenario[] = [
  backlogOf('1k', () => 1_000),
  backlogOf('100k', () => 100_000),
  backlogOf('1M', scale => scale.million),
]

async function cycles(subject: Subject, size: number, total: number): Promise<Figures> {
  const queue = await subject.open(SETUP)
  const batches = makeBatches('bytes')
  const tally = new Tally()
  await queue.consume(tally.handle)
  queue.pause?.()
  await settleMemory()
  const start = performance.now()
  let published = 0
  while (published < total) {
    published += await fill(queue, batches, size)
    const handled = tally.reached(published)
    queue.resume?.()
    await handled
    queue.pause?.()
  }
  const elapsed = performance.now() - start
  await queue.close()
  return { cost: (elapsed * 1e6) / published }
}
