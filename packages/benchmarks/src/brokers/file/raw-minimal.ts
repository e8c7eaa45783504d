import { join } from 'node:path'
import { crc32 } from 'node:zlib'
import { folderOf } from '../../folder/folder-of.ts'
import { handleAll } from '../../server/handle-all.ts'
import { bufferOf } from '../../server/text.ts'
import type { Handle, Item, Queue, Subject } from '../../subject.ts'
import { GroupCommit } from './group-commit.ts'
import { RAW_SCENARIOS } from './scenarios.ts'

const MOST = 512
/** Checksum and length. */
const OVERHEAD = 8
/** Places that are passed before the list is cut. */
const SLACK = 65_536

/**
 * Group commit and nothing else: one buffer, one write, one fdatasync a batch, one promise and one checksum a record. What is on the device
 * is handed out from memory, to whoever is there; that it was is not stored, so that a process that ends forgets what it has handled.
 */
class RawMinimal implements Queue {
  readonly #log: GroupCommit
  /** What is stored, and what is being stored: references to the publisher's own. */
  #waiting: Buffer[] = []
  #returned: Buffer[] = []
  #next = 0
  #sealed = 0
  #durable = 0
  #handle: Handle | undefined
  #isPaused = false
  #isRunning = false

  constructor(path: string) {
    this.#log = new GroupCommit(path, 0, {
      sealed: () => {
        this.#sealed = this.#waiting.length
      },
      committed: () => {
        this.#durable = this.#sealed
        this.#pump()
      },
    })
  }

  publish(item: Item): Promise<void> {
    const data = bufferOf(item.data)
    const at = this.#log.reserve(OVERHEAD + data.length)
    const { bytes } = this.#log
    bytes.writeUInt32LE(crc32(data), at)
    bytes.writeUInt32LE(data.length, at + 4)
    bytes.set(data, at + OVERHEAD)
    this.#waiting.push(data)
    return this.#log.stored()
  }

  async publishAll(items: readonly Item[]): Promise<void> {
    // One promise a record, by definition.
    const stored: Promise<void>[] = new Array(items.length)
    for (let i = 0; i < items.length; i++) stored[i] = this.publish(items[i] as Item)
    for (let i = 0; i < stored.length; i++) await stored[i]
  }

  async consume(handle: Handle): Promise<void> {
    this.#handle = handle
    this.#pump()
  }

  pause(): void {
    this.#isPaused = true
  }

  resume(): void {
    this.#isPaused = false
    this.#pump()
  }

  async left(): Promise<number> {
    return this.#durable - this.#next + this.#returned.length
  }

  async close(): Promise<void> {
    this.#handle = undefined
    await this.#log.close()
  }

  get #hasSome(): boolean {
    return this.#next < this.#durable || this.#returned.length > 0
  }

  #pump(): void {
    if (this.#isRunning || this.#handle === undefined || this.#isPaused || !this.#hasSome) return
    this.#isRunning = true
    // Behind the commit of the next batch, so that the disk works while messages are handled.
    setImmediate(() => this.#run())
  }

  async #run(): Promise<void> {
    while (this.#handle !== undefined && !this.#isPaused && this.#hasSome) {
      const batch = this.#returned.splice(0, MOST)
      const end = Math.min(this.#durable, this.#next + MOST - batch.length)
      for (; this.#next < end; this.#next++) batch.push(this.#waiting[this.#next] as Buffer)
      this.#cut()
      for (const i of await handleAll(this.#handle, batch)) this.#returned.push(batch[i] as Buffer)
    }
    this.#isRunning = false
  }

  #cut(): void {
    if (this.#next < SLACK || 2 * this.#next < this.#waiting.length) return
    this.#waiting = this.#waiting.slice(this.#next)
    this.#sealed -= this.#next
    this.#durable -= this.#next
    this.#next = 0
  }
}

export const rawMinimal: Subject = {
  name: 'raw-minimal',
  what: 'raw group commit: one buffer, one write, one fdatasync a batch, one promise and one checksum a record; what is handled is not stored',
  keeps: true,
  only: RAW_SCENARIOS,
  open: async ({ url }) => new RawMinimal(join(await folderOf(url), 'log')),
}
