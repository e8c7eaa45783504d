import { readlinkSync } from 'node:fs'
import { type FileHandle, open } from 'node:fs/promises'
import type { StoreFaults } from '@pluribus/conformance'
import type { Adapter, Connection, ConnectionEvents, Environment, Publisher } from '@pluribus/core/driver'

/** Folders on whose disk there is no room at the moment. */
const full = new Set<string>()
let isWatching = false

/**
 * From now on this process is told by the system that the disk is full when it writes to a file of one of those folders. The adapter cannot tell
 * that from a disk that is: it is at the call of the system that it learns of it.
 */
async function watch(): Promise<void> {
  if (isWatching) return
  isWatching = true
  const handle = await open(process.execPath)
  const prototype: Pick<FileHandle, 'write'> = Object.getPrototypeOf(handle)
  await handle.close()
  const { write } = prototype
  prototype.write = function (this: FileHandle, ...args: unknown[]) {
    const path = full.size === 0 ? '' : readlinkSync(`/proc/self/fd/${this.fd}`)
    for (const folder of full) if (path.startsWith(`${folder}/`)) return Promise.reject(noRoom())
    return Reflect.apply(write, this, args)
  } as FileHandle['write']
}

const noRoom = () => Object.assign(new Error('ENOSPC: no space left on device, write'), { code: 'ENOSPC' })

/** An adapter on whose disk there is no room while `faults` says that writing fails. */
export function onFullDisk(adapter: Adapter, dir: string, faults: StoreFaults): Adapter {
  const connect = async (environment: Environment, events: ConnectionEvents) => {
    await watch()
    return onFull(await adapter.connect(environment, events), dir, faults)
  }
  return { name: adapter.name, capabilities: adapter.capabilities, connect, classify: error => adapter.classify(error) }
}

function onFull(connection: Connection, dir: string, faults: StoreFaults): Connection {
  const publisher: Publisher = {
    window: connection.publisher.window,
    async publish(batch) {
      if (isFull(faults)) full.add(dir)
      else full.delete(dir)
      return connection.publisher.publish(batch)
    },
  }
  return {
    publisher,
    server: connection.server,
    capabilities: connection.capabilities,
    subscriber: connection.subscriber,
    persistence: connection.persistence,
    declare: (topics, subscriptions) => connection.declare(topics, subscriptions),
    maintain: async () => (await connection.maintain?.()) ?? 60_000,
    async close() {
      full.delete(dir)
      await connection.close()
    },
  }
}

function isFull(faults: StoreFaults): boolean {
  try {
    faults.before('publish')
    return false
  } catch {
    // What it throws is how it says so.
    return true
  }
}
