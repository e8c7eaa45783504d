import { isAbsolute, relative, resolve, sep } from 'node:path'
import { LogSnapshot, nodeDisk } from '@pluribus/commit-log'
import { isPluribusError, PluribusError } from '@pluribus/core/driver'
import { explained } from '../errors.js'
import type { ExportProgress } from './export-progress.js'
import type { ExportReport } from './export-report.js'
import { FolderExport } from './folder-export.js'
import { LineFiles } from './line-files.js'

/** The format of what is exported: of `report.json`, and of the lines. */
const FORMAT = 1
/** An application may remove segments while they are read: then it is read anew. */
const TRIES = 5

/**
 * What is exported, and where to.
 *
 * @example
 * ```ts
 * import type { ExportOptions } from '@pluribus/file'
 *
 * const options: ExportOptions = { dir: '.pluribus', to: './export', signal: AbortSignal.timeout(60_000) }
 * ```
 */
export interface ExportOptions {
  /** The folder of a broker, as in `file({ dir })`. It is only read. */
  readonly dir: string
  /** A folder that is not there yet, and is when all of it is written. */
  readonly to: string
  /** Told how far it has come, segment by segment. Default: nobody is. */
  readonly progress?: (progress: ExportProgress) => void
  /** Ends the export; nothing of it stays. */
  readonly signal?: AbortSignal
}

/**
 * Writes what a folder keeps as newline-delimited JSON: one file a topic and day, one line a message.
 *
 * ```
 * <to>/messages/<topic>/<day>.jsonl       by the time of the message, UTC
 * <to>/dead-letters/<topic>/<day>.jsonl   by the time of its death
 * <to>/report.json                        what is returned, too
 * ```
 *
 * An application may use the folder meanwhile, and is not held up: what is exported is the folder as it was at one moment. What is damaged is
 * left out, and told. Takes some megabytes of memory, and some 20 bytes for each message.
 *
 * @throws PluribusError `NOT_FOUND`: no broker has used that folder; `CONFLICT`: there is something at `to`; `INVALID_ARGUMENT`: that is within
 *   the folder; `UNSUPPORTED`: a later version has written it; `ABORTED`; what the disk says, as `UNAUTHORIZED`, `UNAVAILABLE`, `OVERLOADED`.
 *
 * @example
 * ```ts
 * import { exportFolder } from '@pluribus/file'
 *
 * const { topics, damage } = await exportFolder({ dir: '.pluribus', to: './export' })
 * for (const { topic, messages } of topics) console.log(topic, messages)
 * if (damage.length > 0) process.exitCode = 1
 * ```
 */
export async function exportFolder(options: ExportOptions): Promise<ExportReport> {
  const dir = resolve(options.dir)
  const to = resolve(options.to)
  insistOnOutside(dir, to)
  for (let tries = 1; ; tries++) {
    try {
      return await exportOnce(dir, to, options)
    } catch (error) {
      if (tries < TRIES && isMissing(error)) continue
      throw explained(error)
    }
  }
}

async function exportOnce(dir: string, to: string, { progress, signal }: ExportOptions): Promise<ExportReport> {
  const snapshot = await LogSnapshot.take(nodeDisk(dir))
  if (snapshot.isEmpty) throw noFolder(dir)
  const files = await LineFiles.open(to)
  try {
    const check = () => {
      if (signal?.aborted === true) throw aborted(signal.reason)
    }
    const report = await new FolderExport({ snapshot, files, check, progress: progress ?? (() => {}) }).run()
    check()
    await files.finish({ format: FORMAT, ...report })
    return report
  } catch (error) {
    await files.abandon()
    throw error
  }
}

const isMissing = (error: unknown): boolean =>
  !isPluribusError(error) && error instanceof Error && 'code' in error && error.code === 'ENOENT'

/** What is in the folder is the broker's. */
function insistOnOutside(dir: string, to: string): void {
  const way = relative(dir, to)
  if (way.split(sep)[0] === '..' || isAbsolute(way)) return
  throw new PluribusError(
    'INVALID_ARGUMENT',
    `exportFolder() to is within ${dir}, which is the broker's. Name another place.`,
    {
      details: { argument: 'to' },
    },
  )
}

const noFolder = (dir: string): PluribusError =>
  new PluribusError(
    'NOT_FOUND',
    `No broker has used ${dir}: there is no log in it. Name the folder that file() is given as dir.`,
    {
      details: { dir },
    },
  )

const aborted = (cause: unknown): PluribusError =>
  new PluribusError('ABORTED', 'The export was ended by its signal. Nothing of it stays.', { cause })
