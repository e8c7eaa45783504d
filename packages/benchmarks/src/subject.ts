/** What a handler or a publisher deals in: 256 bytes, or an object whose JSON has about as many. */
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
  readonly format: 'bytes' | 'json'
  readonly discipline: 'fifo' | 'priority'
  readonly concurrency: number
  readonly middlewares: number
  /** How many queues get every message. 1, but for the memory scenario, which compares none with some. */
  readonly subscriptions: number
}

/** One queue of one subject, with one consumer. */
export interface Queue {
  /** Resolves when the message is stored. */
  publish(item: Item): Promise<unknown>
  /** The best way that the subject has to publish many; resolves when all are stored. */
  publishAll(items: readonly Item[]): Promise<unknown>
  /** Starts the consumer. */
  consume(handle: Handle): Promise<unknown>
  /** Stops and starts the consumer again, for those subjects that take part in the backlog scenarios. */
  pause?(): void
  resume?(): void
  close(): Promise<unknown>
}

/** Something to measure. */
export interface Subject {
  readonly name: string
  /** One line for the report: what it does, and what it does not. */
  readonly what: string
  /** Names of the scenarios it takes part in; absent for all. */
  readonly only?: readonly string[]
  /** Whether it stores the message itself, subscribed to or not; others store a reference to the publisher's own. */
  readonly keeps: boolean
  open(setup: Setup): Promise<Queue>
}
