import type { AbsentRange, Damage } from '@pluribus/commit-log'
import { isPluribusError } from '@pluribus/core/driver'
import { exportFolder } from '../export/export-folder.js'
import type { ExportProgress } from '../export/export-progress.js'
import type { ExportReport } from '../export/export-report.js'

/** Milliseconds. */
const BETWEEN_LINES = 500
const MEBIBYTE = 1_024 * 1_024

/** What was asked for, and where to say what came of it. */
export interface ExportCommand {
  readonly dir: string
  readonly to: string
  readonly signal: AbortSignal
  /** Milliseconds, of a clock that never goes back. */
  monotonic(): number
  /** Takes a line of the answer. */
  write(line: string): void
  /** Takes a line about what went wrong. */
  tell(line: string): void
  /** Takes a line that replaces the one before; undefined where nobody watches. */
  readonly progress: ((line: string) => void) | undefined
}

/** @returns The exit code: 0 whole, 1 damaged, 2 asked wrongly, 3 could not be done, 130 interrupted. */
export async function runExport(command: ExportCommand): Promise<number> {
  const { dir, to, signal, write, tell, progress } = command
  try {
    const report = await exportFolder({ dir, to, signal, progress: progressLines(command) })
    progress?.('')
    tellReport(report, write)
    return report.damage.length + report.brokenCheckpoints.length === 0 ? 0 : 1
  } catch (error) {
    progress?.('')
    if (!isPluribusError(error)) throw error
    tell(`${error.code}: ${error.message}`)
    if (error.code === 'ABORTED') return 130
    return WRONG.includes(error.code) ? 2 : 3
  }
}

const WRONG: readonly string[] = ['NOT_FOUND', 'CONFLICT', 'INVALID_ARGUMENT']

function tellReport(
  { topics, damage, absent, brokenCheckpoints, nameless }: ExportReport,
  write: (line: string) => void,
) {
  for (const { topic, messages, deadLetters } of topics) {
    write(`${topic}: ${messages} messages${deadLetters === 0 ? '' : `, ${deadLetters} dead letters`}`)
  }
  if (nameless > 0) write(`${nameless} messages of topics whose names are lost`)
  for (const range of absent) write(`never stored, or lost and declared so: ${rangeOf(range)}`)
  for (const found of damage) write(`damaged: ${rangeOf(found)} (${found.kind}, segment ${found.segmentId})`)
  for (const path of brokenCheckpoints) write(`broken checkpoint: ${path}`)
}

/** For people. */
function rangeOf({ first, next }: AbsentRange | Damage): string {
  if (next === first) return 'no record'
  return next === first + 1 ? `record ${first}` : `records ${first} to ${next - 1}`
}

/** Twice a second at most. */
function progressLines({ progress, monotonic }: ExportCommand): (progress: ExportProgress) => void {
  let toldAt = monotonic()
  return ({ step, read, total }) => {
    const now = monotonic()
    if (progress === undefined || now < toldAt + BETWEEN_LINES) return
    toldAt = now
    const share = total === 0 ? 100 : Math.floor((100 * read) / total)
    progress(`step ${step} of 2: ${share} % of ${Math.ceil(total / MEBIBYTE)} MiB`)
  }
}
