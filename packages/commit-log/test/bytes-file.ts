import type { DiskFile } from '../src/disk.js'

/** A file that is nothing but its bytes. */
export const bytesFile = (bytes: Buffer): DiskFile => ({
  size: async () => bytes.length,
  read: async (target, position) => bytes.copy(target, 0, position, position + target.length),
  write: async () => {
    throw new Error('This file is only read.')
  },
  sync: async () => {},
  close: async () => {},
})
