import type { Topic } from '@pluribus/core'
import type { Collector } from './collector.js'
import type { CaseContext } from './context.js'
import { Failure } from './failure.js'
import { FENCE } from './fence.js'
import type { Sample } from './sample.js'

/**
 * Nothing more comes: not before a message that was published behind everything (fifo), and not within `timing.quiet`. What
 * is late all the same is found when the history is judged. `beside`: those who compete with it, and may be given that message.
 */
export async function silence(it: CaseContext, collector: Collector, ...beside: readonly Collector[]): Promise<void> {
  const before = collector.runs.length
  const { spec, topic } = collector.subscription
  if (spec.discipline.kind === 'fifo' && collector.handle.state === 'consuming') {
    const fence = `fence-${it.history.events.length}`
    await collector.broker.publish(topic as Topic<Sample>, { n: 0 }, { headers: { [FENCE]: fence } })
    await it.until(() => [collector, ...beside].some(each => each.hasReached(fence)), {
      what: 'the message behind everything else to come',
    })
  }
  await it.elapse(it.timing.quiet)
  const more = collector.runs.slice(before)
  if (more.length === 0) return
  const seen = more.map(({ message, attempt }) => `${message.id} (attempt ${attempt})`)
  throw new Failure(`${spec.topic}/${spec.name}: nothing more was due, and there came ${seen.join(', ')}`)
}
