import {
  CommitLog,
  type Disk,
  type LogEnvironment,
  LogError,
  type LogLimits,
  type LogNotice,
  type RecoveryReport,
} from '@pluribus/commit-log'
import { type Environment, isPluribusError, type Logger } from '@pluribus/core/driver'
import { folderClosed } from '../errors.js'
import type { FolderClient, FolderEvents, FolderLink } from '../folder.js'
import { decodeCheckpoint } from '../format/checkpoint.js'
import { VITAL_KINDS } from '../format/record-kind.js'
import type { JoinedFolder } from '../joined-folder.js'
import { FolderModel } from '../model/folder-model.js'
import { Administration } from './administration.js'
import { FolderClock } from './folder-clock.js'
import { FolderState } from './folder-state.js'
import { Housekeeping } from './housekeeping.js'
import { Ledger } from './ledger.js'
import type { LiveSource } from './live-source.js'
import { LocalLink } from './local-link.js'
import { Looking } from './looking.js'
import { Publishing } from './publishing.js'
import { RecordReader } from './record-reader.js'

const MEBIBYTE = 1_024 * 1_024
/** A log's largest batch, because a batch of core's may be as large as what it lets a publisher have in flight. */
const PENDING_BYTES = 32 * MEBIBYTE
/** Small, so that what nobody wants soon goes. */
const SEGMENT_BYTES = 16 * MEBIBYTE
/** Written when a folder is made, so not larger than it need be: some hundred thousand acks, or two checkpoints. */
const RESERVE_BYTES = 4 * MEBIBYTE
const CACHE_BYTES = 32 * MEBIBYTE
const CHECKPOINT_BYTES = 8 * MEBIBYTE

/** What a folder is opened with. */
export interface LocalFolderOptions {
  readonly disk: Disk
  /** It lasts as long as the folder, and its clock is the folder's. */
  readonly environment: LogEnvironment & Pick<Environment, 'logger'>
  /** Milliseconds for which supplied ids are remembered. */
  readonly window: number
  readonly onDamage?: 'refuse' | 'quarantine'
  /** As those of the log. */
  readonly generation?: number
  readonly verify?: () => void
  readonly logId?: Uint8Array
  /** Called before the folder is closed in good order, with what resolves once no other process uses it: returns when that was waited for long enough. */
  readonly seeOff?: (gone: Promise<void>) => Promise<void>
  /** Called once the log is closed: somebody else may have the folder. */
  readonly release?: () => Promise<void>
  readonly limits?: LogLimits
  /** Bytes of messages that are kept in memory as well as on disk. Default: 32 MiB. */
  readonly cacheBytes?: number
  /** Bytes of records after which a checkpoint is made. Default: 8 MiB. */
  readonly checkpointBytes?: number
}

/** A folder that this process leads: its log, open for writing, and the queues on top of it. */
export class LocalFolder implements JoinedFolder {
  readonly over: Promise<void>
  readonly #ledger: Ledger
  readonly #state: FolderState
  readonly #publishing: Publishing
  readonly #looking: Looking
  readonly #administration: Administration
  readonly #housekeeping: Housekeeping
  readonly #logger: Logger
  readonly #release: () => Promise<void>
  readonly #seeOff: (gone: Promise<void>) => Promise<void>
  #guestsGone: () => void = () => {}
  readonly #links = new Set<LocalLink>()
  /** Sources of this process that went without goodbye. */
  #owed: LiveSource[] = []
  #ended: () => void = () => {}
  #closing: Promise<void> | undefined
  #isCheckpointing = false

  private constructor(log: CommitLog, model: FolderModel, options: LocalFolderOptions) {
    const { environment, limits, cacheBytes = CACHE_BYTES } = options
    const clock = new FolderClock(environment.clock, model.clock)
    this.#logger = environment.logger
    this.#release = options.release ?? (async () => {})
    this.#seeOff = options.seeOff ?? (async () => {})
    this.#ledger = new Ledger(log, model, clock, {
      failed: cause => this.fail(cause),
      grown: () => this.#checkpointSoon(),
    })
    this.#state = new FolderState(this.#ledger, new RecordReader(log, cacheBytes))
    this.#publishing = new Publishing(this.#state)
    this.#looking = new Looking(this.#state)
    this.#administration = new Administration(this.#state, this.#looking)
    this.#housekeeping = new Housekeeping(this.#state, this.#administration, {
      segmentBytes: limits?.segmentBytes ?? SEGMENT_BYTES,
      checkpointBytes: options.checkpointBytes ?? CHECKPOINT_BYTES,
    })
    this.over = new Promise(resolve => {
      this.#ended = resolve
    })
  }

  /**
   * Reads the log, and takes it over. The caller sees to it that nobody else writes it.
   *
   * @throws LogError; PluribusError `UNSUPPORTED` where a later version has written it; what the disk throws, as it is.
   */
  static async open(options: LocalFolderOptions): Promise<LocalFolder> {
    const { disk, environment, window, onDamage = 'refuse', generation, verify, logId, limits } = options
    const { logger } = environment
    let model = new FolderModel(window)
    const log = await CommitLog.open({
      disk,
      environment,
      onDamage,
      vitalKinds: VITAL_KINDS,
      limits: { pendingBytes: PENDING_BYTES, segmentBytes: SEGMENT_BYTES, reserveBytes: RESERVE_BYTES, ...limits },
      ...(generation === undefined ? {} : { generation }),
      ...(verify === undefined ? {} : { verify }),
      ...(logId === undefined ? {} : { logId }),
      notice: notice => report(logger, notice),
      replay: {
        restore: ({ sequence, state }) => {
          model = decodeCheckpoint(state, sequence, window)
        },
        record: record => model.apply(record),
      },
    })
    reportRecovery(logger, log.recovery)
    return new LocalFolder(log, model, options)
  }

  get isOver(): boolean {
    return this.#closing !== undefined
  }

  /** Of the log: rises with whoever leads the folder. */
  get generation(): number {
    return this.#ledger.log.generation
  }

  async connect(client: FolderClient, events: FolderEvents): Promise<FolderLink> {
    if (this.isOver) throw folderClosed()
    const link = new LocalLink({
      client,
      events,
      state: this.#state,
      publishing: this.#publishing,
      looking: this.#looking,
      administration: this.#administration,
      housekeeping: this.#housekeeping,
      left: (link, sources) => this.#leave(link, sources),
    })
    this.#links.add(link)
    return link
  }

  /** Ends all connections, as lost, and closes the log. */
  close(): Promise<void> {
    return this.#end(folderClosed(), true)
  }

  /** Ends all connections, as lost for that cause, and closes the log. Does not wait for it. */
  fail(cause: unknown): void {
    this.#end(cause, false).catch(error =>
      this.#logger.warn({ error }, 'The folder could not be closed in good order.'),
    )
  }

  /** The last one of this process closes the folder, unless it is to come back for what it holds: while the folder is open, that stays leased. */
  async #leave(link: LocalLink, sources: readonly LiveSource[]): Promise<void> {
    this.#links.delete(link)
    if (!this.#hasGuests) this.#guestsGone()
    if (!link.isGuest) this.#owed.push(...sources)
    this.#owed = this.#owed.filter(({ isHolding }) => isHolding)
    for (const { isGuest } of this.#links) if (!isGuest) return
    if (this.#owed.length === 0) await this.#end(folderClosed(), true)
  }

  #end(cause: unknown, isOrderly: boolean): Promise<void> {
    this.#closing ??= this.#shutDown(cause, isOrderly)
    return this.#closing
  }

  /** In good order, whoever has asked for something is answered before it is told that the folder is closed, so that it knows what was done. */
  async #shutDown(cause: unknown, isOrderly: boolean): Promise<void> {
    if (isOrderly && this.#hasGuests) await this.#seeGuestsOff()
    this.#ledger.end()
    if (!isOrderly) this.#loseAll(cause)
    try {
      await this.#ledger.log.close()
    } finally {
      this.#loseAll(cause)
      await this.#release().finally(() => this.#ended())
    }
  }

  get #hasGuests(): boolean {
    for (const { isGuest } of this.#links) if (isGuest) return true
    return false
  }

  async #seeGuestsOff(): Promise<void> {
    const gone = new Promise<void>(resolve => {
      this.#guestsGone = resolve
    })
    for (const link of [...this.#links]) if (link.isGuest) link.announce()
    await this.#seeOff(gone)
  }

  #loseAll(cause: unknown): void {
    for (const link of [...this.#links]) link.lose(cause)
    this.#links.clear()
  }

  #checkpointSoon(): void {
    if (this.#isCheckpointing || this.isOver || !this.#housekeeping.isDue) return
    this.#isCheckpointing = true
    this.#housekeeping
      .checkpoint()
      .catch(error => this.#logger.warn({ error }, 'A checkpoint could not be stored. The next one is tried later.'))
      .finally(() => {
        this.#isCheckpointing = false
      })
  }
}

function report(logger: Logger, { kind, error }: LogNotice): void {
  // What a look at who leads has failed with.
  const isReplaced = isPluribusError(error) || (error instanceof LogError && error.code === 'OUTDATED')
  if (isReplaced) logger.info({ kind, error }, 'This process leads the folder no more, and writes nothing more.')
  else if (kind === 'room') logger.info({ kind }, 'The disk has room again.')
  else if (kind === 'full') logger.warn({ kind, error }, 'The disk is full: publishing fails until there is room.')
  else if (kind === 'failed') logger.error({ kind, error }, 'The disk has failed twice: the folder is opened anew.')
  else logger.warn({ kind, error }, `The log of the folder has noticed: ${kind}.`)
}

function reportRecovery(logger: Logger, { damage, absent, discarded, quarantined }: RecoveryReport): void {
  if (damage.length + absent.length > 0) {
    logger.error({ damage, absent, quarantined }, 'The folder was damaged, and what is lost is lost.')
  }
  if (discarded !== undefined) {
    logger.info(
      { discarded },
      'What was being written when the folder was used last was not complete, and is left out.',
    )
  }
}
