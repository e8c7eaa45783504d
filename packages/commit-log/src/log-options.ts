import type { Disk } from './disk.js'
import type { LogEnvironment } from './environment.js'
import { MAX_BATCH_BYTES } from './format/batch-header.js'
import type { LogRecord } from './format/record-frame.js'
import { LOG_ID_BYTES } from './format/segment-header.js'
import { LogError } from './log-error.js'
import type { LogNotice } from './notice.js'
import { processEnvironment } from './process-environment.js'
import type { LogProgress } from './progress.js'

const MEBIBYTE = 1024 * 1024
const LARGEST_SEGMENT = 1024 * MEBIBYTE

/**
 * Sizes of a log, in bytes.
 *
 * @example
 * ```ts
 * import type { LogLimits } from '@pluribus/commit-log'
 *
 * const small: LogLimits = { segmentBytes: 1_000_000, reserveBytes: 0 }
 * ```
 */
export interface LogLimits {
  /** A segment that has become as large is followed by the next one. From 4,096 to 1 GiB; default 64 MiB. */
  readonly segmentBytes?: number
  /** What may wait to be committed; more is refused as `OVERLOADED`. From 4,096 to 32 MiB; default 16 MiB. */
  readonly pendingBytes?: number
  /** Room kept for vital records when the disk is full. Up to 1 GiB; default 16 MiB, 0 keeps none. */
  readonly reserveBytes?: number
}

/**
 * Called while a log is opened, before `CommitLog.open` returns.
 *
 * @example
 * ```ts
 * import type { LogReplay } from '@pluribus/commit-log'
 *
 * let total = 0
 * const replay: LogReplay = {
 *   restore: ({ state }) => { total = Number(Buffer.from(state).toString()) },
 *   record: ({ body }) => { total += body.length },
 * }
 * ```
 */
export interface LogReplay {
  /** The newest checkpoint, if there is one: first, and once. */
  restore(checkpoint: { readonly sequence: number; readonly state: Uint8Array }): void
  /** Every record behind the checkpoint, in order. Those of a log that turns out to be damaged are told before `open` rejects. */
  record(record: LogRecord): void
}

/**
 * How a log is opened.
 *
 * @example
 * ```ts
 * import { CommitLog, type LogOptions, nodeDisk } from '@pluribus/commit-log'
 *
 * const options: LogOptions = { disk: nodeDisk('./data'), vitalKinds: [2] }
 * const log = await CommitLog.open(options)
 * ```
 */
export interface LogOptions {
  readonly disk: Disk
  /** Default: the process's own clock, timers and randomness. */
  readonly environment?: LogEnvironment
  readonly limits?: LogLimits
  /** Kinds of records that are taken while the disk is full, out of the reserve: those that lead to room. Default: none. */
  readonly vitalKinds?: readonly number[]
  /** Of this writer; refused as `OUTDATED` where the log has had a later one. Default: one more than the last. */
  readonly generation?: number
  /**
   * Throws once another writer may have the folder. Called after each fdatasync, before anybody is told that a record is stored, and before
   * files are named or removed; so it should take microseconds. When it throws, the log takes nothing more: `OUTDATED`, and what it threw
   * is the cause. Default: the caller knows that the folder is this writer's.
   */
  readonly verify?: () => void
  /**
   * Id of a log that begins now, 16 bytes; one that is there keeps its own. Where writers may replace each other while they begin it, all
   * should say the same. Default: random.
   */
  readonly logId?: Uint8Array
  /** Default `refuse`: a damaged log is not opened. `quarantine`: what is lost is declared, and what was there is copied aside. */
  readonly onDamage?: 'refuse' | 'quarantine'
  readonly replay?: LogReplay
  /** Must not throw. Default: nobody is told. */
  readonly notice?: (notice: LogNotice) => void
  /** Told how far opening has come, where there are many segments to read. Must not throw. Default: nobody is told. */
  readonly progress?: (progress: LogProgress) => void
}

/** Options, checked and complete. */
export interface ResolvedOptions extends Required<Omit<LogOptions, 'limits' | 'generation' | 'logId' | 'vitalKinds'>> {
  readonly limits: Required<LogLimits>
  readonly vitalKinds: ReadonlySet<number>
  readonly generation: number | undefined
  readonly logId: Buffer | undefined
}

/** @throws LogError `INVALID_ARGUMENT`. */
export function resolveOptions(options: LogOptions): ResolvedOptions {
  const { segmentBytes, pendingBytes, reserveBytes } = options.limits ?? {}
  const { generation, logId } = options
  if (generation !== undefined) within('generation', generation, 1, 0xffff_ffff)
  if (logId !== undefined) within('logId.length', logId.length, LOG_ID_BYTES, LOG_ID_BYTES)
  return {
    disk: options.disk,
    environment: options.environment ?? processEnvironment,
    limits: {
      segmentBytes: within('limits.segmentBytes', segmentBytes ?? 64 * MEBIBYTE, 4096, LARGEST_SEGMENT),
      pendingBytes: within('limits.pendingBytes', pendingBytes ?? 16 * MEBIBYTE, 4096, MAX_BATCH_BYTES),
      reserveBytes: within('limits.reserveBytes', reserveBytes ?? 16 * MEBIBYTE, 0, LARGEST_SEGMENT),
    },
    vitalKinds: new Set(options.vitalKinds ?? []),
    generation,
    logId: logId && Buffer.from(logId),
    verify: options.verify ?? (() => {}),
    onDamage: options.onDamage ?? 'refuse',
    replay: options.replay ?? { restore: () => {}, record: () => {} },
    notice: options.notice ?? (() => {}),
    progress: options.progress ?? (() => {}),
  }
}

/** @throws LogError `INVALID_ARGUMENT` unless it is a whole number from `least` to `most`. */
export function within(name: string, value: number, least: number, most: number): number {
  if (Number.isSafeInteger(value) && value >= least && value <= most) return value
  throw new LogError('INVALID_ARGUMENT', `${name} is ${value}; it must be a whole number from ${least} to ${most}.`)
}
