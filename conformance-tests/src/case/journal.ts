import {
  type DeliveryEntry,
  type DeliveryPage,
  deliveryJournal,
  type ProcessReport,
  processJournal,
} from '@pluribus/core'
import type { Collector } from './collector.js'
import type { CaseContext } from './context.js'

/** Readers of the journal do not fail: any adapter can offer them. */
const READING = { retry: { attempts: 1, delays: [] } } as const

/** Reads the delivery journal in a process of its own: answers what there is so far, each page once however often it came. */
export async function readDeliveries(it: CaseContext): Promise<() => readonly DeliveryEntry[]> {
  const seen = await it.collect(await it.open(), deliveryJournal.subscription('reader', READING))
  return () => entriesOf(seen)
}

/** Reads the process journal in a process of its own: answers the latest report of each process. */
export async function readProcesses(it: CaseContext): Promise<() => readonly ProcessReport[]> {
  const seen = await it.collect(await it.open(), processJournal.subscription('reader', READING))
  return () => {
    const latest = new Map<string, ProcessReport>()
    for (const { message } of seen.runs) {
      const report = message.data as ProcessReport
      const { instance } = report.process
      if (report.sequence > (latest.get(instance)?.sequence ?? 0)) latest.set(instance, report)
    }
    return [...latest.values()]
  }
}

/** What a reader has been given. */
export function entriesOf(seen: Collector): readonly DeliveryEntry[] {
  const pages = new Map(seen.runs.map(({ message }) => [message.id, message.data as DeliveryPage]))
  return [...pages.values()].flatMap(({ entries }) => entries)
}
