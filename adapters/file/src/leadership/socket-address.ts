import { createHash } from 'node:crypto'
import { join } from 'node:path'
import { PluribusError } from '@pluribus/core/driver'

/** Bytes that every system has room for; Linux has 107. What is longer some versions of Node cut off without a word. */
const MAX_BYTES = 103

/**
 * Where a socket of a folder listens. A path that is too long is taken through an open folder where the system has that.
 *
 * @param handle Of the folder, open as long as the socket listens or is being connected to.
 * @throws PluribusError `INVALID_CONFIGURATION` where the path is too long.
 */
export function socketAddress(folder: string, handle: number, name: string, platform = process.platform): string {
  const path = join(folder, name)
  if (platform === 'win32')
    return `\\\\.\\pipe\\pluribus-${createHash('sha256').update(path).digest('hex').slice(0, 32)}`
  if (Buffer.byteLength(path) <= MAX_BYTES) return path
  if (platform === 'linux') return `/proc/self/fd/${handle}/${name}`
  throw new PluribusError(
    'INVALID_CONFIGURATION',
    `The path ${path} has ${Buffer.byteLength(path)} bytes, and sockets have room for ${MAX_BYTES}. Use a folder with a shorter path.`,
  )
}
