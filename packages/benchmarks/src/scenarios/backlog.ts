import { makeBatches, Tally } from '../payload.ts'
import { type Figures, type Scale, type Scenario, SETUP, settleMemory } from '../scenario.ts'
import { Stopwatch, THREAD } from '../stopwatch.ts'
import type { Subject } from '../subject.ts'
import { settled } from './settled.ts'
import { fill } from './store.ts'

/**
 * What a message costs, published and handled, where so many wait: cycles of filling the queue and draining it. In the
 * process the same number of messages in total, whatever waits, so that only the backlog differs; on a server, where that takes
 * long, as many as are enough.
 */
const backlogOf = (name: string, size: (scale: Scale) => number): Scenario => ({
  name: `backlog-${name}`,
  title: `cost of a message, published and handled, at a fifo backlog of ${name}`,
  columns: [{ figure: 'cost', title: 'ns a message', better: 'less', digits: 0 }, THREAD],
  compared: true,
  measure: (subject, scale) => measureBacklog(subject, scale, size(scale)),
})

export const backlogs: readonly Scenario[] = [
  backlogOf('1k', () => 1_000),
  backlogOf('100k', () => 100_000),
  backlogOf('1M', scale => scale.million),
]

async function measureBacklog(subject: Subject, { costed }: Scale, size: number): Promise<Figures> {
  const queue = await subject.open(SETUP)
  const batches = makeBatches('bytes')
  const tally = new Tally()
  await queue.consume(tally.handle)
  let published = 0
  const cycle = async (count: number) => {
    await queue.pause?.()
    published += await fill(queue, batches, count)
    const handled = tally.reached(published)
    await queue.resume?.()
    await handled
  }
  while (published < costed / 4) await cycle(Math.min(size, 20_000))
  await settleMemory()
  const watch = new Stopwatch(subject)
  const before = published
  watch.start()
  while (published - before < costed) await cycle(size)
  watch.stop()
  await settled(queue)
  await queue.close()
  return { cost: 1e9 / watch.per(published - before).rate, thread: watch.per(published - before).thread }
}
