import type { CaseResult } from '../engine/result.js'
import { describeEvent } from '../history/describe-event.js'
import type { HistoryEvent } from '../history/event.js'

/** How many events of a history's end are shown, and how many others that show what is wrong. */
const TAIL = 15
const EVIDENCE = 10

/**
 * One paragraph about a case that did not pass: what was promised, what happened, how its history ended, and how to see
 * it again.
 *
 * @example
 * ```ts
 * import { type CaseResult, failureText } from '@pluribus/conformance'
 *
 * const tell = (result: CaseResult) => console.error(failureText(result, `npm run soak -- --seed ${result.seed}`))
 * ```
 */
export function failureText(result: CaseResult, replay: string): string {
  const { case: one, verdict, reason = 'nothing is known of why' } = result
  return [
    `${verdict.toUpperCase()} ${one.id}: ${one.title}`,
    `  Promised: ${one.promise}`,
    `  Happened: ${indent(reason)}`,
    ...historyLines(result),
    `  Again: ${replay}`,
  ].join('\n')
}

/** The end of the history as the case left it, and before it what the checks have found. The audit's own steps say little. */
function historyLines({ history = [], evidence = [] }: CaseResult): readonly string[] {
  const ofCase = history.filter(({ process, kind }) => process !== 'audit' || kind === 'audit' || kind === 'deliver')
  if (ofCase.length === 0) return []
  const start = history[0]?.time ?? 0
  const tail = ofCase.slice(-TAIL)
  const found = new Set(evidence)
  const earlier = ofCase
    .slice(0, -TAIL)
    .filter(({ at }) => found.has(at))
    .slice(0, EVIDENCE)
  const line = (event: HistoryEvent) => `  ${found.has(event.at) ? '» ' : '  '}${describeEvent(event, start)}`
  const shown = tail.length < ofCase.length ? `the last ${tail.length} of ${ofCase.length} events` : 'all of it'
  const marked = found.size > 0 ? ', » what is wrong' : ''
  return [
    `  History (${shown}${marked}):`,
    ...earlier.map(line),
    ...(earlier.length > 0 ? ['    …'] : []),
    ...tail.map(line),
  ]
}

const indent = (text: string): string => text.replaceAll('\n', '\n            ')
