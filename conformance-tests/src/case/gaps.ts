import type { Collector } from './collector.js'

/** Milliseconds from the end of each run of a message to the beginning of its next one. */
export const gapsOf = (collector: Collector, id: string): readonly number[] => {
  const runs = collector.runsOf(id)
  return runs.slice(1).map(({ startedAt }, index) => startedAt - (runs[index]?.endedAt ?? Number.NaN))
}
