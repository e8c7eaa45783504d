import type { OutageResult } from './campaign.ts'

/** Shorter pauses are no excuse for anything, in milliseconds. */
const NOTABLE = 250

const SIGNS = { passed: '✓', failed: '✗', skipped: '▢' }

/** What became of an outage, on one line. */
export function progressLine({ outage, result, figures, countsAs }: OutageResult, progress: string): string {
  const base = `${progress.padStart(7)} ${SIGNS[countsAs]} ${outage.id.padEnd(19)}`
  const seconds = `(${(result.duration / 1_000).toFixed(1)} s)`
  if (figures === undefined) return `${base} ${result.verdict}: ${result.reason?.split('\n', 1)[0]} ${seconds}`
  const { down, held, stored, inDoubt, failed, again, flow, inFlight, back, awake, pause = 0 } = figures
  const paused = pause > NOTABLE ? `; the machine paused for ${pause} ms` : ''
  const times = `new flow after ${flow ?? '∞'} ms, everywhere ${awake ?? '∞'} ms, ${inFlight} in flight back after ${back} ms`
  const told = `${stored} stored, ${inDoubt} in doubt, ${failed} failed, ${again} run again`
  return `${base} ${down} ms, ${held} held; ${times}; ${told}${paused} ${seconds}`
}
