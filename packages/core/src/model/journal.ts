import type { ErrorRecord } from '../errors/error-record.js'
import { journalCodec } from './journal-codec.js'
import { checkDeliveryPage, checkProcessReport } from './journal-shape.js'
import { reservedTopic, type Topic } from './topic.js'

/**
 * What a broker writes of its deliveries: those that did not simply succeed, all of them, or none.
 *
 * @example
 * ```ts
 * import { createBroker, type JournalLevel } from '@pluribus/core'
 *
 * const journal: JournalLevel = 'all'
 * await using broker = await createBroker({ adapter: 'memory:', journal })
 * ```
 */
export type JournalLevel = 'failures' | 'all' | 'off'

/**
 * A process that writes a journal: one broker object, from `createBroker` to its end.
 *
 * @example
 * ```ts
 * import type { ProcessIdentity } from '@pluribus/core'
 *
 * const line = ({ source, host, pid }: ProcessIdentity) => `${source}, process ${pid} on ${host}`
 * ```
 */
export interface ProcessIdentity {
  /** Names the broker object. Unique, unless the application has named it by `environment.instance`. */
  readonly instance: string
  /** What `createBroker` was told to be called. */
  readonly source: string
  /** Of the adapter, by its own name. */
  readonly adapter: string
  /** Absent where the platform does not say, as `pid` and `runtime`. */
  readonly host?: string
  readonly pid?: number
  /** `node 24.21.0` */
  readonly runtime?: string
  /** Of Pluribus. */
  readonly version: string
  /** When the broker was created: milliseconds since the epoch, by the clock of its machine. */
  readonly started: number
}

/**
 * How a delivery ended, in the words of {@link BrokerEvents}: `delivery.retried` and so on, `abandoned` for `handler.abandoned`.
 * Further ones may be added within one format: a reader lets pass what it does not know.
 *
 * @example
 * ```ts
 * import type { DeliveryOutcome } from '@pluribus/core'
 *
 * const failed: readonly DeliveryOutcome[] = ['retried', 'dead']
 * ```
 */
export type DeliveryOutcome =
  | 'acked'
  | 'retried'
  | 'dead'
  | 'released'
  | 'unconfirmed'
  | 'lost'
  | 'stale'
  | 'suspect'
  | 'abandoned'

/**
 * What became of one delivery. Neither payload, headers nor key of a message are in it; what a handler writes into the text of
 * its errors is.
 *
 * @example
 * ```ts
 * import type { DeliveryEntry } from '@pluribus/core'
 *
 * const line = ({ topic, subscription, id, attempt, outcome, error }: DeliveryEntry) =>
 *   `${topic}/${subscription} ${id} #${attempt} ${outcome} ${error?.message ?? ''}`
 * ```
 */
export interface DeliveryEntry {
  readonly outcome: DeliveryOutcome
  readonly topic: string
  readonly subscription: string
  /** The message's. */
  readonly id: string
  readonly attempt: number
  /** When it was known: milliseconds since the epoch, by the clock of its process. */
  readonly time: number
  /**
   * How long the handler ran, in milliseconds. Absent where nobody looked at the clock when it began: unless everything is
   * written, that of a handler that ends before it returns a promise; and where the run has outlived its connection.
   */
  readonly duration?: number
  /** `retried`: how long until the next attempt, in milliseconds. */
  readonly delay?: number
  /** `dead`: what its dead letter is filed under. */
  readonly reason?: string
  /** `retried`, `unconfirmed` after a failed run, and `dead` unless a handler rejected it: what was thrown, as bounded as in a dead letter. */
  readonly error?: ErrorRecord
  /** `suspect`: how often it has vanished with a consumer, and how often while it was run alone. */
  readonly losses?: number
  readonly marks?: number
}

/**
 * One message of {@link deliveryJournal}: what became of some deliveries of one process, in the order in which it was known.
 *
 * @example
 * ```ts
 * import type { DeliveryPage } from '@pluribus/core'
 *
 * const failedRuns = ({ entries }: DeliveryPage) => entries.filter(({ error }) => error !== undefined)
 * ```
 */
export interface DeliveryPage {
  /** {@link JOURNAL_FORMAT} of the version that has written it. */
  readonly format: number
  readonly process: ProcessIdentity
  /** Pages of one process are numbered from 1. One that comes twice has the same number, and the same message id. */
  readonly sequence: number
  /** How many entries the process has dropped since the page before this one, for want of room or of a broker to take them. */
  readonly dropped: number
  readonly entries: readonly DeliveryEntry[]
}

/**
 * A consumer, as a process runs it.
 *
 * @example
 * ```ts
 * import type { RunningSubscription } from '@pluribus/core'
 *
 * const handlers = (running: readonly RunningSubscription[]) => running.reduce((sum, it) => sum + it.concurrency, 0)
 * ```
 */
export interface RunningSubscription {
  readonly topic: string
  readonly name: string
  readonly state: 'consuming' | 'paused' | 'disconnected'
  readonly concurrency: number
  readonly prefetch: number
}

/**
 * One message of {@link processJournal}: everything that a process does, as it was at that time. The latest one of a process
 * holds.
 *
 * @example
 * ```ts
 * import type { ProcessReport } from '@pluribus/core'
 *
 * const runs = ({ subscriptions }: ProcessReport, name: string) => subscriptions.some(it => it.name === name)
 * ```
 */
export interface ProcessReport {
  /** {@link JOURNAL_FORMAT} of the version that has written it. */
  readonly format: number
  readonly process: ProcessIdentity
  /** Reports of one process are numbered from 1. */
  readonly sequence: number
  /** `ended`: it was closed in an orderly way, and this is its last report. */
  readonly state: 'running' | 'ended'
  /** Milliseconds since the epoch, by the clock of its process. */
  readonly time: number
  /** The next one comes after this many milliseconds at the latest. See {@link processState}. */
  readonly every: number
  readonly journal: 'failures' | 'all'
  /** The topics it has published to, and what it consumes: at most 500 of each. */
  readonly publishes: readonly string[]
  readonly subscriptions: readonly RunningSubscription[]
  /** How many topics and subscriptions there are beside those. */
  readonly omitted: number
  /** How many entries of the delivery journal it has dropped so far. */
  readonly dropped: number
}

/**
 * The topic that brokers write what became of deliveries to: see `journal` in {@link BrokerOptions}. To be read, by
 * `broker.history` or a subscription; nobody else can publish to it. Kept for 7 days, and up to 64 MiB.
 *
 * Reading `message.data` throws `DECODING` where the format is a newer one.
 *
 * @example
 * ```ts
 * import { type Broker, deliveryJournal } from '@pluribus/core'
 *
 * async function printErrors(broker: Broker) {
 *   for await (const { data } of broker.history(deliveryJournal))
 *     for (const { subscription, id, error } of data.entries)
 *       if (error !== undefined) console.error(subscription, id, error.message, 'on', data.process.host)
 * }
 * ```
 */
export const deliveryJournal: Topic<DeliveryPage> = reservedTopic('pluribus.deliveries', {
  codec: journalCodec<DeliveryPage>(checkDeliveryPage),
  retention: { age: '7d', bytes: 64 * 1_024 * 1_024 },
})

/**
 * The topic that brokers say in what they run: when that changes, every 30 s, and when they are closed. To be read, by
 * `broker.history` or a subscription; nobody else can publish to it. Kept for a day, and up to 16 MiB.
 *
 * Reading `message.data` throws `DECODING` where the format is a newer one.
 *
 * @example
 * ```ts
 * import { type Broker, processJournal, type ProcessReport, processState } from '@pluribus/core'
 *
 * async function running(broker: Broker): Promise<readonly ProcessReport[]> {
 *   const latest = new Map<string, ProcessReport>()
 *   for await (const { data } of broker.history(processJournal)) latest.set(data.process.instance, data)
 *   return [...latest.values()].filter(report => processState(report, Date.now()) === 'running')
 * }
 * ```
 */
export const processJournal: Topic<ProcessReport> = reservedTopic('pluribus.processes', {
  codec: journalCodec<ProcessReport>(checkProcessReport),
  retention: { age: '1d', bytes: 16 * 1_024 * 1_024 },
})

/** After this many reports that have not come, a process is taken for gone. */
const MISSED = 3

/**
 * What the latest report of a process means at `now`, in milliseconds since the epoch by the clock of the reader: a process that
 * has ended has said so; one that is `silent` was killed, hangs, or is cut off. Clocks that differ move that by as much: who
 * listens to {@link processJournal} better counts from when the report came.
 *
 * @example
 * ```ts
 * import { type ProcessReport, processState } from '@pluribus/core'
 *
 * const isGone = (latest: ProcessReport) => processState(latest, Date.now()) !== 'running'
 * ```
 */
export function processState(latest: ProcessReport, now: number): 'running' | 'ended' | 'silent' {
  if (latest.state === 'ended') return 'ended'
  return now - latest.time > MISSED * latest.every ? 'silent' : 'running'
}
