import { MessageChannel, type MessagePort, receiveMessageOnPort, Worker } from 'node:worker_threads'

/** A command with its arguments. */
export type Call = readonly (string | number | Uint8Array)[]

/**
 * Redis without promises, for a model that has none: a thread of its own talks to the server while this one stands still.
 */
export class SyncRedis {
  readonly #worker: Worker
  readonly #port: MessagePort
  readonly #signal = new Int32Array(new SharedArrayBuffer(4))

  constructor(port: number) {
    const { port1, port2 } = new MessageChannel()
    this.#port = port1
    this.#worker = new Worker(new URL('./sync-redis-worker.ts', import.meta.url), {
      workerData: { port, channel: port2, signal: this.#signal },
      transferList: [port2],
    })
  }

  /** All of them in one round trip. Replies have bytes where they have text; throws what the server says. */
  run(calls: readonly Call[]): readonly unknown[] {
    this.#port.postMessage(calls)
    // The one before may have been read before its bell was rung.
    while (Atomics.load(this.#signal, 0) === 0) Atomics.wait(this.#signal, 0, 0)
    Atomics.store(this.#signal, 0, 0)
    const { replies, error } = (receiveMessageOnPort(this.#port) as { message: Answer }).message
    if (error !== undefined) throw new Error(error)
    return (replies as readonly unknown[]).map(toBuffers)
  }

  async close(): Promise<void> {
    this.#port.close()
    await this.#worker.terminate()
  }
}

interface Answer {
  readonly replies?: readonly unknown[]
  readonly error?: string
}

/** Threads hand over plain byte arrays. */
function toBuffers(reply: unknown): unknown {
  if (Array.isArray(reply)) return reply.map(toBuffers)
  if (reply !== null && typeof reply === 'object' && !(reply instanceof Uint8Array)) {
    return Object.fromEntries(Object.entries(reply).map(([field, value]) => [field, toBuffers(value)]))
  }
  return reply instanceof Uint8Array ? Buffer.from(reply.buffer, reply.byteOffset, reply.byteLength) : reply
}
