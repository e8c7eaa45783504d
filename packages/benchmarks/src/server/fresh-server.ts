import { type BrokerKind, startBroker, type TestBroker } from '@pluribus/test-brokers'
import type { FreshPlace } from '../fresh-place.ts'

/**
 * A server of nobody else, empty at the begin of every measurement: what one subject has left in memory, in files and in
 * the server's own housekeeping would be paid by the next one.
 */
export class FreshServer implements FreshPlace, AsyncDisposable {
  readonly #server: TestBroker

  private constructor(server: TestBroker) {
    this.#server = server
  }

  static async start(kind: BrokerKind): Promise<FreshServer> {
    return new FreshServer(await startBroker(kind))
  }

  /** Such as `redis 7.0.15`. */
  get version(): string {
    return `${this.#server.kind} ${this.#server.version}`
  }

  /** Empties it; answers where it is. */
  async renew(): Promise<string> {
    // Nobody needs what it holds: no reason to wait until it has been written.
    await this.#server.kill()
    await this.#server.wipe()
    await this.#server.start()
    return this.#server.url
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#server.dispose()
  }
}
