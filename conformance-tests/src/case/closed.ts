import type { Collector } from './collector.js'
import type { CaseContext } from './context.js'

/** Closes collectors and waits until none of their handlers runs any more: those whose broker is dead included. */
export async function closed(it: CaseContext, ...collectors: readonly Collector[]): Promise<void> {
  await Promise.all(collectors.map(collector => collector.close()))
  await it.until(() => collectors.every(({ running }) => running === 0), {
    within: it.timing.close,
    what: 'the last handlers to end',
  })
}
