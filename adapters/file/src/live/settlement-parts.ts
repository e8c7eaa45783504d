import { MAX_ERRORS, type Settlement } from '@pluribus/core/driver'

/** Characters of errors that are stored at once. */
const PART = 4 * 1_024 * 1_024

/** The next settlements, at least one where there is any: as many as have no more errors than can be stored at once. */
export function partOf(others: readonly Settlement[], from: number): readonly Settlement[] {
  let size = 0
  let end = from
  for (; end < others.length && (end === from || size < PART); end++) size += sizeOf(others[end] as Settlement)
  return others.slice(from, end)
}

/** In characters, those of errors that are on record already included: the dead are stored with all of theirs. */
function sizeOf(settlement: Settlement): number {
  if (settlement.kind === 'release') return 0
  const errors = settlement.kind === 'retry' ? [settlement.error] : settlement.errors
  const size = errors.reduce((sum, { message, stack = '' }) => sum + message.length + stack.length, 256)
  return settlement.kind === 'retry' ? size : size + (MAX_ERRORS - errors.length) * size
}
