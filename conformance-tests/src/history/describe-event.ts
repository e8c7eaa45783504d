import type { HistoryEvent } from './event.js'

/** One event on one line: `[  31ms p2] deliver #14 orders/billing message m-1 attempt 2`. */
export function describeEvent(event: HistoryEvent, start: number): string {
  const time = `${Math.round(event.time - start)}ms`.padStart(8)
  return `[${time} ${event.process}] ${textOf(event)}`
}

function textOf(event: HistoryEvent): string {
  const { at: _at, time: _time, process: _process, kind, ...rest } = event
  const parts = Object.entries(rest).flatMap(([name, value]) => {
    if (value === undefined || (Array.isArray(value) && value.length === 0)) return []
    return [`${name} ${show(value)}`]
  })
  return [kind, ...parts].join(' ')
}

function show(value: unknown): string {
  if (typeof value === 'string') return value
  const text = JSON.stringify(value)
  return text.length <= 80 ? text : `${text.slice(0, 80)}…`
}
