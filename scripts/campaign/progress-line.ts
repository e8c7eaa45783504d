import type { OutageResult } from './campaign.ts'
import type { Figures } from './figures.ts'

/** Shorter pauses are no excuse for anything, in milliseconds. */
const NOTABLE = 250
/** Where figures begin. */
const INDENT = 30

const SIGNS = { passed: '✓', failed: '✗', skipped: '▢' }

/** What became of an outage, on a line for each blow. */
export function progressLine({ outage, result, figures, countsAs }: OutageResult, progress: string): string {
  const base = `${progress.padStart(7)} ${SIGNS[countsAs]} ${outage.id.padEnd(19)}`
  const seconds = `(${(result.duration / 1_000).toFixed(1)} s)`
  if (figures.length === 0) return `${base} ${result.verdict}: ${result.reason?.split('\n', 1)[0]} ${seconds}`
  return `${base} ${figures.map(textOf).join(`\n${' '.repeat(INDENT)}`)} ${seconds}`
}

function textOf(figures: Figures): string {
  const { down, held, stored, inDoubt, failed, again, led, flow, inFlight, back, awake, pause = 0 } = figures
  const paused = pause > NOTABLE ? `; the machine paused for ${pause} ms` : ''
  const elected = led === undefined ? '' : `another led after ${led} ms, `
  const times = `${elected}new flow after ${flow ?? '∞'} ms, everywhere ${awake ?? '∞'} ms, ${inFlight} in flight back after ${back} ms`
  const told = `${stored} stored, ${inDoubt} in doubt, ${failed} failed, ${again} run again`
  return `${down} ms, ${held} held; ${times}; ${told}${paused}`
}
