import type { LogEnvironment } from '../environment.js'
import type { LogProgress } from '../progress.js'

/** Milliseconds. */
const BETWEEN_LINES = 500
const MEBIBYTE = 1024 * 1024

/** Tells people, twice a second at most, how much of a log has been read. */
export function progressLines(
  { clock }: LogEnvironment,
  tell: (line: string) => void,
): (progress: LogProgress) => void {
  let toldAt = clock.monotonic()
  return ({ read, total }) => {
    const now = clock.monotonic()
    if (now < toldAt + BETWEEN_LINES) return
    toldAt = now
    const share = total === 0 ? 100 : Math.floor((100 * read) / total)
    tell(`${share} % of ${Math.ceil(total / MEBIBYTE)} MiB`)
  }
}
