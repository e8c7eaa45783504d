import { stat } from 'node:fs/promises'
import { connect } from 'node:net'
import { join } from 'node:path'
import type { NodeLockFolder } from './node-lock-folder.js'

/** Milliseconds: what is younger may be of a process that is only starting. */
const OLD = 60_000

/** Removes sockets and notes of processes that have ended without doing so. */
export async function clearLeftovers(locks: NodeLockFolder, own: string): Promise<void> {
  const now = await changedAt(locks, own)
  for (const socket of await locks.leftovers(own)) {
    const note = socket.replace('s.', 'c.')
    const changed = Math.max(await changedAt(locks, socket), await changedAt(locks, note))
    if (changed < now - OLD && (await isDead(locks.addressOf(socket)))) await locks.removeLeftover(socket)
  }
}

/** By the clock of the file system, in milliseconds; nothing where there is no such file. */
async function changedAt({ path }: NodeLockFolder, name: string): Promise<number> {
  try {
    return (await stat(join(path, name))).mtimeMs
  } catch {
    return Number.NEGATIVE_INFINITY
  }
}

const isDead = (address: string): Promise<boolean> =>
  new Promise(resolve => {
    const socket = connect({ path: address })
    socket.once('connect', () => {
      socket.destroy()
      resolve(false)
    })
    socket.once('error', (error: NodeJS.ErrnoException) =>
      resolve(error.code === 'ECONNREFUSED' || error.code === 'ENOENT' || error.code === 'ENOTSOCK'),
    )
  })
