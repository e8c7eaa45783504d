import type { PlainValue } from './plain-value.js'

/**
 * One method of a service.
 *
 * @param signal Aborted when the caller no longer waits, or is gone.
 * @throws A `PluribusError` arrives as it is but for its cause; anything else as `UNKNOWN`.
 */
export type Method = (argument: PlainValue, signal: AbortSignal) => PlainValue | Promise<PlainValue>

/** What a server does for one of its clients. */
export interface Session {
  readonly methods: Readonly<Record<string, Method>>
  /** The client is gone: called once, after the signals of its calls. */
  closed(cause: unknown): void
}

/** A client, as its session sees it. */
export interface Peer {
  /**
   * Sends something that was not asked for, in order. Nothing happens where the client is gone.
   *
   * @throws PluribusError `INVALID_ARGUMENT` for what is no plain data, `TOO_LARGE`.
   */
  push(name: string, argument: PlainValue): void
  /** Ends the connection. */
  close(cause: unknown): void
}

/**
 * Something that can be used from another process: a session for each client.
 *
 * @example
 * ```
 * const counting: Service = peer => {
 *   let count = 0
 *   return { methods: { next: () => ++count }, closed: () => {} }
 * }
 * ```
 */
export type Service = (peer: Peer) => Session
