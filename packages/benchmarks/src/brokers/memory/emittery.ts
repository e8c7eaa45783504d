import type Emittery from 'emittery'
import type { Data, Handle, Item, Queue, Subject } from '../../subject.ts'

/** Nothing is stored: `emit` resolves when the listeners have run, which is the only confirmation there is. */
class EmitteryQueue implements Queue {
  readonly #emitter: Emittery<{ placed: Data }>

  constructor(emitter: Emittery<{ placed: Data }>) {
    this.#emitter = emitter
  }

  publish(item: Item): Promise<void> {
    return this.#emitter.emit('placed', item.data)
  }

  publishAll(items: readonly Item[]): Promise<unknown> {
    return Promise.all(items.map(item => this.publish(item)))
  }

  async consume(handle: Handle): Promise<void> {
    this.#emitter.on('placed', event => handle(event.data))
  }

  async close(): Promise<void> {
    this.#emitter.clearListeners()
  }
}

export const emittery: Subject = {
  name: 'emittery',
  what: 'peer: asynchronous emitter, no queue, no retry; emit awaited',
  keeps: false,
  only: ['bytes', 'single', 'async', 'latency'],
  // Loaded here, so that the process of another subject is spared it.
  open: async () => new EmitteryQueue(new (await import('emittery')).default()),
}
