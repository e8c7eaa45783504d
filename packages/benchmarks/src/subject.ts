/** What a handler or a publisher deals in: 256 bytes (or 4,096), or an object whose JSON has about as many. */
export type Data = Uint8Array | Order

/** The JSON payload. */
export interface Order {
  readonly n: number
  readonly [field: string]: unknown
}

/** One message to publish. Subjects without keys or priorities ignore them, which can only make them faster. */
export interface Item {
  readonly data: Data
  readonly key?: string
  readonly priority?: number
}

/** Returns a promise in the scenarios with asynchronous handlers, else nothing. */
export type Handle = (data: Data) => void | Promise<void>

/** What a scenario asks of a queue. */
export interface Setup {
  /** Where the broker is: a server or a folder that nobody else uses, or `memory:`. */
  readonly url: string
  /** In a folder: opens what the queue before has stored, instead of a folder of its own. */
  readonly again?: boolean
  /** How many topics the batches go to in turn, each with its subscriptions; 1 but for the scenarios that compare. */
  readonly topics?: number
  readonly format: 'bytes' | 'json'
  readonly discipline: 'fifo' | 'priority'
  readonly concurrency: number
  readonly middlewares: number
  /** How many queues get every message. 1, but for the memory scenario, which compares none with some. */
  readonly subscriptions: number
  /** Bytes of handled messages that are kept, where a scenario would otherwise fill the disk; else what the subject keeps anyway. */
  readonly retained?: number
}

/** One queue of one subject, with one consumer. */
export interface Queue {
  /** Resolves when the message is stored. */
  publish(item: Item): Promise<unknown>
  /** The best way that the subject has to publish many; resolves when all are stored. */
  publishAll(items: readonly Item[]): Promise<unknown>
  /** Starts the consumer. */
  consume(handle: Handle): Promise<unknown>
  /** Stops and starts the consumer again, for those subjects that take part in the scenarios with a backlog. */
  pause?(): void | Promise<unknown>
  resume?(): void | Promise<unknown>
  /**
   * How many messages wait or are not settled, by the account of the server itself; absent where nothing is stored. It
   * shows that nobody is fast because something was never stored, or because nothing is ever settled.
   */
  left?(): Promise<number>
  close(): Promise<unknown>
}

/** Something to measure. */
export interface Subject {
  readonly name: string
  /** One line for the report: what it does, and what it does not. */
  readonly what: string
  /** Names of the scenarios it takes part in; absent for all. */
  readonly only?: readonly string[]
  /** Whether it takes so long that it drains a fifth of what others drain: its rate is the same. */
  readonly isSlow?: boolean
  /** Whether it stores the message itself, subscribed to or not; others store a reference to the publisher's own. */
  readonly keeps: boolean
  open(setup: Setup): Promise<Queue>
  /** Microseconds of processor time that the server has used, where there is one. */
  serverTime?(): number
  /** The folder of the queue that was opened last, where the broker is a folder. */
  folder?(): string
}
