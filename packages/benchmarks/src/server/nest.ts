import type { Handle, Item, Queue } from '../subject.ts'
import { reading, type Text, textOf } from './text.ts'

const PATTERN = 'orders.placed'

/** The two halves of one of its transports, as far as they are used here. */
export interface Transport {
  readonly client: {
    connect(): Promise<unknown>
    emit(pattern: string, payload: Text): { subscribe(observer: Observer): unknown }
    close(): unknown
  }
  readonly server: {
    addHandler(pattern: string, run: (payload: Text) => Promise<void>, isEvent: boolean): void
    listen(done: (error?: unknown) => void): unknown
    close(): unknown
  }
}

interface Observer {
  readonly error: (error: unknown) => void
  readonly complete: () => void
}

/** NestJS's transport alone, without the framework around handlers (guards, pipes, interceptors), which only makes it faster. */
export class Nest implements Queue {
  readonly #transport: Transport

  constructor(transport: Transport) {
    this.#transport = transport
  }

  /** Sent, not stored: its events are published to whoever listens. */
  publish(item: Item): Promise<unknown> {
    const { client } = this.#transport
    return new Promise<void>((resolve, reject) => {
      client.emit(PATTERN, textOf(item)).subscribe({ error: reject, complete: resolve })
    })
  }

  publishAll(items: readonly Item[]): Promise<unknown> {
    return Promise.all(items.map(item => this.publish(item)))
  }

  async consume(handle: Handle): Promise<void> {
    const { server, client } = this.#transport
    const { Logger } = await import('@nestjs/common')
    Logger.overrideLogger(false)
    const run = reading(handle)
    server.addHandler(PATTERN, async (payload: Text) => run(payload), true)
    await new Promise<void>((resolve, reject) => {
      server.listen(error => (error === undefined ? resolve() : reject(error)))
    })
    await client.connect()
  }

  async close(): Promise<void> {
    await this.#transport.client.close()
    await this.#transport.server.close()
  }
}
