/**
 * What befalls an order is decided by its id alone: the same on every run, at every concurrency, on every broker.
 * FNV-1a of the id and of what may happen to it, as a number from 0 to 1.
 */
function chance(id: string, event: string): number {
  let hash = 0x811c9dc5
  for (const character of `${event}:${id}`) {
    hash = Math.imul(hash ^ (character.codePointAt(0) ?? 0), 0x01000193)
  }
  hash = Math.imul(hash ^ (hash >>> 15), 0x2c1b3c6d) // FNV alone leaves neighbours such as …-01 and …-02 alike
  return ((hash ^ (hash >>> 13)) >>> 0) / 2 ** 32
}

/** Whether something that befalls one order in so many befalls this one. */
export const befalls = (id: string, event: string, oneIn: number): boolean => chance(id, event) < 1 / oneIn

/** A whole number from 0 up to `below`, the same for the same id. */
export const pick = (id: string, what: string, below: number): number => Math.floor(chance(id, what) * below)
