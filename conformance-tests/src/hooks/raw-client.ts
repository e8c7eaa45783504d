/**
 * A client of the broker that is not ours, on the same store.
 *
 * @example
 * ```ts
 * import type { RawClient } from '@pluribus/conformance'
 *
 * const spoil = (raw: RawClient) => raw.inject('orders.placed', { body: new Uint8Array([123]), headers: {} })
 * ```
 */
export interface RawClient {
  /** Puts something where messages of a topic are, which our publisher has not written. */
  inject(
    topic: string,
    message: { readonly body: Uint8Array; readonly headers: Readonly<Record<string, string>> },
  ): Promise<void>
  /** What is stored of a topic, as a foreign client sees it, oldest first. */
  read(
    topic: string,
  ): Promise<readonly { readonly body: Uint8Array; readonly headers: Readonly<Record<string, string>> }[]>
  close(): Promise<void>
}
