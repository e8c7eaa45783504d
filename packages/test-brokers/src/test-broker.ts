/** The servers that this package can run. */
export const BROKER_KINDS = ['redis', 'postgres', 'nats', 'rabbitmq', 'kafka'] as const

/** One of {@link BROKER_KINDS}. */
export type BrokerKind = (typeof BROKER_KINDS)[number]

/**
 * A real server that belongs to its caller alone: on loopback ports and in a folder of its own. Server, ports and folder are
 * gone after {@link dispose}, when the process that started it ends, and when that process is killed.
 *
 * @example
 * ```ts
 * import { startBroker } from '@pluribus/test-brokers'
 *
 * await using redis = await startBroker('redis')
 * console.log(redis.url) // redis://127.0.0.1:20000
 * await redis.kill()
 * await redis.start() // the same URL, and what was acknowledged
 * ```
 */
export interface TestBroker extends AsyncDisposable {
  readonly kind: BrokerKind
  /** The server's own, such as `7.0.15`. */
  readonly version: string
  /** Where clients connect; the same through every restart. */
  readonly url: string
  readonly port: number
  readonly isRunning: boolean
  /** Starts it on the data that it has; resolves when it has answered in its own protocol. Nothing happens where it runs. */
  start(): Promise<void>
  /** Asks it to end, and waits for it. Rejects where it had to be killed, because its patience was over. */
  stop(): Promise<void>
  /** SIGKILL, to all of its processes; resolves when none is left. */
  kill(): Promise<void>
  /** Stops all of its processes where they are: connections stay open and nobody answers. */
  freeze(): Promise<void>
  /** Ends {@link freeze}. */
  thaw(): Promise<void>
  /** {@link stop} and {@link start}: with its data. */
  restart(): Promise<void>
  /** Deletes what it has stored. It must not run. */
  wipe(): Promise<void>
  /** What it has written to its log, over all its starts. */
  logs(): Promise<string>
  /** Copies the log to where it outlives the server; answers the file. For a test that has failed. */
  keepLogs(): Promise<string>
  /** Ends it and deletes all that it has left. May be called again. */
  dispose(): Promise<void>
}
