import type { AbsentRange } from './absent-range.js'
import type { Damage } from './damage.js'
import type { Disk } from './disk.js'
import type { LogRecord } from './format/record-frame.js'
import type { Inventory } from './inventory.js'
import type { LogProgress } from './progress.js'
import { surveyLog } from './survey.js'

/**
 * What a log is found to be.
 *
 * @example
 * ```ts
 * import type { LogVerification } from '@pluribus/commit-log'
 *
 * const isWhole = ({ damage, brokenCheckpoints }: LogVerification) => damage.length + brokenCheckpoints.length === 0
 * ```
 */
export interface LogVerification {
  readonly segments: number
  /** Those that are there, and check. */
  readonly records: number
  /** Sequence number of the next record. */
  readonly next: number
  readonly damage: readonly Damage[]
  readonly absent: readonly AbsentRange[]
  /** Paths of checkpoints that do not check. The log is opened from an older one, or from its beginning. */
  readonly brokenCheckpoints: readonly string[]
}

/**
 * What whoever has a log read may be told meanwhile. What they throw ends the reading.
 *
 * @example
 * ```ts
 * import { type LogReading, nodeDisk, verifyLog } from '@pluribus/commit-log'
 *
 * const count = { bytes: 0 }
 * const reading: LogReading = { record: ({ body }) => { count.bytes += body.length } }
 * await verifyLog(nodeDisk('./data'), reading)
 * ```
 */
export interface LogReading {
  /** Called with each record, in order. */
  readonly record?: (record: LogRecord) => void
  /** Awaited after each batch: whoever stores elsewhere what it is told holds the reading up until that has caught up. */
  readonly pace?: (() => Promise<void>) | undefined
  /** Called after each segment. */
  readonly progress?: (progress: LogProgress) => void
}

const nothing = (): void => {}

/** Reads every byte of what has been looked at. */
export async function verified(
  disk: Disk,
  inventory: Inventory,
  { record = nothing, pace, progress = nothing }: LogReading,
): Promise<LogVerification> {
  let records = 0
  const count = (found: LogRecord) => {
    records++
    record(found)
  }
  const { segments, next, damage, absent } = await surveyLog(disk, inventory, {
    all: true,
    after: 0,
    record: count,
    pace,
    progress,
  })
  const { brokenCheckpoints } = inventory
  return { segments: segments.length, records, next, damage, absent, brokenCheckpoints }
}
