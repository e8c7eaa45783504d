import { appendFile } from 'node:fs/promises'
import { join } from 'node:path'
import { folderOf } from '../../folder/folder-of.ts'
import { bufferOf } from '../../server/text.ts'
import type { Data, Handle, Item, Queue, Subject } from '../../subject.ts'

/**
 * What is written first: `appendFile` with `flush` for each message, one after the other, so that the file has their order; handed out from
 * memory. Nothing else is stored.
 */
class AppendFile implements Queue {
  readonly #path: string
  #last: Promise<unknown> = Promise.resolve()
  #waiting: Data[] = []
  #handle: Handle | undefined

  constructor(path: string) {
    this.#path = path
  }

  publish(item: Item): Promise<unknown> {
    this.#last = this.#last.then(() => this.#append(item))
    return this.#last
  }

  publishAll(items: readonly Item[]): Promise<unknown> {
    return Promise.all(items.map(item => this.publish(item)))
  }

  async consume(handle: Handle): Promise<void> {
    const waiting = this.#waiting
    this.#waiting = []
    this.#handle = handle
    for (const data of waiting) await handle(data)
  }

  async left(): Promise<number> {
    return this.#waiting.length
  }

  async close(): Promise<unknown> {
    return await this.#last
  }

  async #append({ data }: Item): Promise<void> {
    await appendFile(this.#path, bufferOf(data), { flush: true })
    if (this.#handle === undefined) this.#waiting.push(data)
    else await this.#handle(data)
  }
}

export const appendFileQueue: Subject = {
  name: 'append-file',
  what: 'peer: appendFile with flush for each message, handed out from memory; that it is handled is not stored',
  keeps: true,
  only: ['publish', 'publish-callers', 'bytes', 'single'],
  open: async ({ url }) => new AppendFile(join(await folderOf(url), 'messages')),
}
