import type { CaseResult } from '../engine/result.js'
import { describeEvent } from '../history/describe-event.js'

/** How many events of a history's end are shown. */
const TAIL = 15

/**
 * One paragraph about a case that did not pass: what was promised, what happened, how its history ended, and how to see
 * it again.
 */
export function failureText(result: CaseResult, replay: string): string {
  const { case: one, verdict, reason = 'nothing is known of why', history = [] } = result
  const start = history[0]?.time ?? 0
  const tail = history.slice(-TAIL).map(event => `    ${describeEvent(event, start)}`)
  const shown = tail.length < history.length ? `the last ${tail.length} of ${history.length} events` : 'all of it'
  return [
    `${verdict.toUpperCase()} ${one.id}: ${one.title}`,
    `  Promised: ${one.promise}`,
    `  Happened: ${indent(reason)}`,
    ...(tail.length === 0 ? [] : [`  History (${shown}):`, ...tail]),
    `  Again: ${replay}`,
  ].join('\n')
}

const indent = (text: string): string => text.replaceAll('\n', '\n            ')
