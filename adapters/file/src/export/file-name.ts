/** Where a message goes that says of itself that it is of no day that there is. */
const UNDATED = 'undated'
const LEGAL = /^[a-z0-9-]+(?:\.[a-z0-9-]+)*$/
const LONGEST = 100

/**
 * The name of a topic's folder. The names of topics are legal as they are; one that is not, in a folder that somebody has meddled with, is
 * never part of a path.
 */
export const folderOf = (topic: string, number: number): string =>
  LEGAL.test(topic) && topic.length <= LONGEST ? topic : `_${number}`

/** The day of a time, by UTC: `2026-11-22`. */
export function dayOf(time: number): string {
  const text = isoOf(time)
  return text === null || text.length !== '2026-11-22T00:00:00.000Z'.length ? UNDATED : text.slice(0, 10)
}

/** A time in milliseconds since the epoch as text; null where there is no such time. */
export function isoOf(time: number): string | null {
  const date = new Date(time)
  return Number.isNaN(date.getTime()) ? null : date.toISOString()
}
