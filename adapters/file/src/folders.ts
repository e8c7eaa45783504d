import { realpath } from 'node:fs/promises'
import { resolve } from 'node:path'
import { nodeDisk } from '@pluribus/commit-log'
import type { Environment } from '@pluribus/core/driver'
import { otherSettings } from './errors.js'
import type { FolderEvents, FolderLink } from './folder.js'
import type { JoinedFolder } from './joined-folder.js'
import { type JoinOptions, joinFolder } from './joining.js'
import type { Resolved } from './options.js'

interface Entry {
  readonly window: number
  readonly folder: Promise<JoinedFolder>
}

/** The folders that this process has joined, by their real paths: brokers of one process share them. */
const folders = new Map<string, Entry>()

/**
 * Connects to a folder, which is made and joined where it is not yet.
 *
 * @throws PluribusError `CONFLICT` where this process has it open with other settings; what joining it throws.
 */
export async function connectToFolder(
  { dir, ...options }: Resolved,
  environment: Environment,
  events: FolderEvents,
): Promise<FolderLink> {
  const path = resolve(dir)
  await nodeDisk(path).makeFolder('')
  const key = await realpath(path)
  for (;;) {
    const entry = folders.get(key) ?? enter(key, options, environment)
    if (entry.window !== options.window) throw otherSettings(dir)
    const folder = await entry.folder
    // It may have been closed since; then it is opened again.
    if (!folder.isOver) return await folder.connect({ instance: environment.instance }, events)
    await folder.over
    if (folders.get(key) === entry) folders.delete(key)
  }
}

/** Closes a folder of this process, and with it whatever is connected. For tests, and for those who are about to remove it. */
export async function closeFolder(dir: string): Promise<void> {
  const entry = folders.get(await realpath(resolve(dir)).catch(() => resolve(dir)))
  if (entry !== undefined) await (await entry.folder).close()
}

function enter(key: string, options: JoinOptions, environment: Environment): Entry {
  const folder = joinFolder(key, options, environment)
  const entry = { window: options.window, folder }
  folders.set(key, entry)
  const forget = () => {
    if (folders.get(key) === entry) folders.delete(key)
  }
  // Whoever connects hears of a failure.
  folder.then(({ over }) => over.then(forget), forget)
  return entry
}
