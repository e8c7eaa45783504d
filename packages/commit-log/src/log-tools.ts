import { damaged } from './damage.js'
import type { Disk } from './disk.js'
import { DiskSpace } from './disk-space.js'
import type { LogRecord } from './format/record-frame.js'
import { namesIn } from './inventory.js'
import { resolveOptions } from './log-options.js'
import { LogSnapshot } from './log-snapshot.js'
import type { LogReading, LogVerification } from './log-verification.js'
import { CHECKPOINTS, parseCheckpointName, parseSegmentName, SEGMENTS } from './paths.js'
import { type RecoveryReport, recoverLog } from './recovery.js'
import { Reserve } from './reserve.js'

const nothing = (): void => {}

/**
 * Reads every byte of a log and changes none, also while somebody writes it: it is read as it was at one moment.
 *
 * @throws LogError `FOREIGN`, `UNSUPPORTED_FORMAT`; what the disk throws, as it is: `ENOENT`, too, where its writer has removed what was not read yet. Then ask again.
 *
 * @example
 * ```ts
 * import { nodeDisk, verifyLog } from '@pluribus/commit-log'
 *
 * const { damage } = await verifyLog(nodeDisk('./data'))
 * if (damage.length > 0) process.exitCode = 1
 * ```
 */
export async function verifyLog(disk: Disk, reading: LogReading = {}): Promise<LogVerification> {
  return await (await LogSnapshot.take(disk)).read(reading)
}

/**
 * Declares what is lost in a damaged log, so that it can be opened again, and copies what was there to its folder `quarantine`. Nobody else
 * may have the log open. A log that is whole stays as it is, but for a new segment.
 *
 * @throws LogError As `CommitLog.open`, but not for damage.
 *
 * @example
 * ```ts
 * import { nodeDisk, repairLog } from '@pluribus/commit-log'
 *
 * for (const { first, next } of (await repairLog(nodeDisk('./data'))).damage) console.log(`lost: ${first} to ${next - 1}`)
 * ```
 */
export async function repairLog(
  disk: Disk,
  { progress = nothing }: Pick<LogReading, 'progress'> = {},
): Promise<RecoveryReport> {
  const options = resolveOptions({ disk, onDamage: 'quarantine', limits: { reserveBytes: 0 }, progress })
  const space = new DiskSpace(new Reserve(disk, 0), options.environment, options.notice)
  const { file, report } = await recoverLog(options, space, true)
  await file.close()
  const { damage } = await verifyLog(disk)
  if (damage.length > 0) throw damaged(damage)
  return report
}

/**
 * The generation of the last writer that has left a file: 0 without any. Reads names alone, so that it can be asked before anything is opened.
 *
 * @throws What the disk throws, as it is.
 *
 * @example
 * ```ts
 * import { lastGeneration, nodeDisk } from '@pluribus/commit-log'
 *
 * const generation = (await lastGeneration(nodeDisk('./data'))) + 1
 * ```
 */
export async function lastGeneration(disk: Disk): Promise<number> {
  const names = [...(await namesIn(disk, SEGMENTS)), ...(await namesIn(disk, CHECKPOINTS))]
  return Math.max(0, ...names.map(name => (parseSegmentName(name) ?? parseCheckpointName(name))?.generation ?? 0))
}

/**
 * Writes a log as lines of JSON: one a record, with its body in base64, and then one for everything that is damaged or absent.
 *
 * @param write Called with each line, without its end.
 * @throws As `verifyLog`.
 *
 * @example
 * ```ts
 * import { dumpLog, nodeDisk } from '@pluribus/commit-log'
 *
 * await dumpLog(nodeDisk('./data'), line => console.log(line))
 * ```
 */
export async function dumpLog(
  disk: Disk,
  write: (line: string) => void,
  { progress = nothing }: Pick<LogReading, 'progress'> = {},
): Promise<void> {
  const record = ({ body, ...record }: LogRecord) =>
    write(JSON.stringify({ ...record, body: Buffer.from(body).toString('base64') }))
  const { damage, absent } = await verifyLog(disk, { record, progress })
  for (const found of damage) write(JSON.stringify({ damage: found }))
  for (const range of absent) write(JSON.stringify({ absent: range }))
}
