import type {
  ConsumerGeneration,
  DeadLetterQuery,
  Lane,
  PublishException,
  RedriveResult,
  SettingChange,
  Settlement,
  Start,
  SubscriptionCounts,
  SubscriptionName,
  SubscriptionSpec,
  TopicSpec,
} from '@pluribus/core/driver'

/**
 * A folder of messages, as a connection sees it: all that the process that leads the folder does for the others, itself included.
 * Everything that is asked and answered is plain data, numbers, text and bytes, so that it may travel through a socket.
 *
 * What resolves is on the device. What rejects is a `PluribusError`, or an error of the log or of the system as it is.
 */
export interface Folder {
  /** One more connection. Everything that it opens ends with it. */
  connect(client: FolderClient, events: FolderEvents): Promise<FolderLink>
}

/** Who connects. */
export interface FolderClient {
  /** Names the broker object, across its connections. */
  readonly instance: string
  /** Of another process: the folder does not stay open for it. Default: of the one that leads. */
  readonly isGuest?: boolean
}

/** What a folder tells a connection. Never from within a call of it. */
export interface FolderEvents {
  /** A pull of the source might find something now. */
  wake(source: number): void
  /** The source is over: its subscription was removed, or a later generation of its consumer is open. */
  ended(source: number, cause: unknown): void
  /** It is about to be lost, in good order: publish and settle nothing more, and close once what is under way is answered. Perhaps, once. */
  leaving(): void
  /** The folder is led by nobody any more, or its log has failed: connect anew. Once at most, and nothing afterwards. */
  lost(cause: unknown): void
}

/** One connection to a folder. */
export interface FolderLink {
  /** As `Publisher.window`. */
  readonly window: number
  declare(topics: readonly TopicSpec[], subscriptions: readonly SubscriptionSpec[]): Promise<readonly SettingChange[]>
  /** As `Publisher.publish`: what is not among the exceptions is stored. */
  publish(batch: readonly NewMessage[]): Promise<readonly PublishException[]>
  /** As `Publisher.publishSequenced`: the batch and the position, together or not at all. */
  publishSequenced(lane: Lane, first: number, batch: readonly NewMessage[]): Promise<number>
  position(lane: string): Promise<number>

  open(subscription: SubscriptionName, options: SourceOptions): Promise<OpenedSource>
  pull(source: number, max: number): Promise<Handed>
  settle(source: number, settled: Settling): Promise<readonly StaleToken[]>
  /** Those that are lost. */
  renew(source: number, tokens: readonly number[]): Promise<readonly number[]>
  /** @throws PluribusError `STALE`. */
  mark(source: number, token: number): Promise<void>
  /** Gives back what the source holds, and ends it. Unknown: does nothing. */
  closeSource(source: number): Promise<void>
  removeSubscription(subscription: SubscriptionName): Promise<void>

  topics(): Promise<readonly TopicSpec[]>
  subscriptions(topic?: string): Promise<readonly SubscriptionSpec[]>
  /** The retained messages from a start, or behind the last position of the page before; an empty page is the last. */
  history(topic: string, from: Start | After): Promise<readonly Kept[]>
  find(topic: string, id: string): Promise<Buffer | undefined>
  /** Milliseconds since the epoch. Answers how many went. */
  trim(topic: string, before: number): Promise<number>
  /** Dead letters behind the last one of the page before (0 for the first page), oldest first; an empty page is the last. */
  deadLetters(query: DeadLetterQuery, after: number): Promise<readonly DeadEntry[]>
  redrive(query: DeadLetterQuery): Promise<RedriveResult>
  discard(query: DeadLetterQuery): Promise<number>
  counts(subscription: SubscriptionName): Promise<SubscriptionCounts>

  /** Housekeeping; answers in how many milliseconds it wants to be called again. */
  maintain(): Promise<number>
  /** Ends the connection and its sources. What they hold stays leased. May be called twice. */
  close(): Promise<void>
}

/** A message to be stored. */
export interface NewMessage {
  readonly topic: string
  /** Milliseconds from when it is stored until it is due; 0 for at once. */
  readonly delay: number
  /** As `encodeMessage` has written it; may be changed by the folder, which fills in what it decides. */
  readonly bytes: Buffer
}

/** What can be asked of a connection. */
export type LinkMethod = Exclude<keyof FolderLink, 'window'>

/** How a source is opened. */
export interface SourceOptions {
  /** Milliseconds. */
  readonly lease: number
  readonly consumer: ConsumerGeneration | undefined
}

export interface OpenedSource {
  /** What the connection calls it. */
  readonly source: number
  /** Deliveries that came over from the consumer's generation before. */
  readonly transferred: number
}

/** A delivery, with its message as it is stored. */
export interface HandedMessage {
  readonly bytes: Buffer
  readonly token: number
  /** Failed runs so far. */
  readonly failures: number
  readonly losses: number
  readonly marks: number
}

/** What a pull has found: as `Pulled`. */
export interface Handed {
  readonly deliveries: readonly HandedMessage[]
  readonly dueIn: number | undefined
  readonly more: boolean
}

export interface Settling {
  readonly acks: readonly number[]
  readonly others: readonly Settlement[]
}

/** A token that a settlement named and that is not current any more. */
export type StaleToken = number

/** Behind a position. */
export interface After {
  readonly after: number
}

/** A retained message. */
export interface Kept {
  readonly position: number
  readonly bytes: Buffer
}

/** A dead letter as it is stored: the message, and the record of its death. */
export interface DeadEntry {
  /** Rises from one dead letter of a subscription to the next. */
  readonly number: number
  readonly message: Buffer
  readonly death: Buffer
}
