import { CommitLog, type Disk, type LogEnvironment, type LogLimits } from '@pluribus/commit-log'
import type { Environment, Logger } from '@pluribus/core/driver'
import { folderClosed } from '../errors.js'
import type { FolderClient, FolderEvents, FolderLink } from '../folder.js'
import { decodeCheckpoint } from '../format/checkpoint.js'
import { VITAL_KINDS } from '../format/record-kind.js'
import type { JoinedFolder } from '../joined-folder.js'
import { FolderModel } from '../model/folder-model.js'
import { Administration } from './administration.js'
import { FolderClock } from './folder-clock.js'
import { reportNotice, reportRecovery } from './folder-reports.js'
import { FolderState } from './folder-state.js'
import { Housekeeping } from './housekeeping.js'
import { Ledger } from './ledger.js'
import { Links } from './links.js'
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
  /**
   * Milliseconds for which what was handed out stays with whoever has it, where the folder was closed in good order: those who used it through
   * that process come back. Default: for none.
   */
  readonly holdFor?: number
  /** The same where it was not closed: those who used it may not have noticed yet. Default: for none. */
  readonly holdUnclosedFor?: number
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
  readonly #links = new Links()
  #ended: () => void = () => {}
  #closing: Promise<void> | undefined
  #isCheckpointing = false

  private constructor(log: CommitLog, model: FolderModel, options: LocalFolderOptions) {
    const { environment, limits, cacheBytes = CACHE_BYTES, holdFor = 0, holdUnclosedFor = 0 } = options
    const clock = new FolderClock(environment.clock, model.clock)
    this.#logger = environment.logger
    this.#release = options.release ?? (async () => {})
    this.#seeOff = options.seeOff ?? (async () => {})
    this.#ledger = new Ledger(log, model, clock, {
      failed: cause => this.fail(cause),
      grown: () => this.#checkpointSoon(),
    })
    const held = log.recovery.wasClosed ? holdFor : holdUnclosedFor
    const heldUntil = held > 0 ? clock.now() + held : undefined
    this.#state = new FolderState(this.#ledger, new RecordReader(log, cacheBytes), heldUntil)
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
      notice: notice => reportNotice(logger, notice),
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
      left: async (link, sources) => {
        // The last one of this process closes the folder.
        if (this.#links.leave(link, sources)) await this.#end(folderClosed(), true)
      },
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

  #end(cause: unknown, isOrderly: boolean): Promise<void> {
    this.#closing ??= this.#shutDown(cause, isOrderly)
    return this.#closing
  }

  /** In good order, whoever has asked for something is answered before it is told that the folder is closed, so that it knows what was done. */
  async #shutDown(cause: unknown, isOrderly: boolean): Promise<void> {
    if (isOrderly && this.#links.hasGuests) await this.#seeOff(this.#links.announce())
    this.#ledger.end()
    if (!isOrderly) this.#links.lose(cause)
    // So that who opens it next reads no long tail.
    if (isOrderly && this.#housekeeping.isWorthOneAtClose) await this.#checkpoint()
    try {
      await this.#ledger.log.close()
    } finally {
      this.#links.lose(cause)
      await this.#release().finally(() => this.#ended())
    }
  }

  #checkpointSoon(): void {
    if (this.#isCheckpointing || this.isOver || !this.#housekeeping.isDue) return
    this.#isCheckpointing = true
    void this.#checkpoint().then(() => {
      this.#isCheckpointing = false
    })
  }

  async #checkpoint(): Promise<void> {
    try {
      await this.#housekeeping.checkpoint()
    } catch (error) {
      this.#logger.warn({ error }, 'A checkpoint could not be stored. The next one is tried later.')
    }
  }
}
