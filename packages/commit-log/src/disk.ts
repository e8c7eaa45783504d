/**
 * The disk under a log: one folder, with paths relative to it and `/` between their parts. Nothing else of this package touches a
 * file, so that a simulated disk can fail or lose power at every call. What goes wrong is told by an error with the `code` of the
 * operating system: `ENOSPC`, `EIO`, `ENOENT`.
 *
 * @example
 * ```ts
 * import type { Disk } from '@pluribus/commit-log'
 *
 * const segments = (disk: Disk) => disk.list('segments')
 * ```
 */
export interface Disk {
  /** Makes a folder, mode 0700, unless it is there. It is on the device when this returns. */
  makeFolder(path: string): Promise<void>
  /** Names of what is in a folder, in no promised order. */
  list(folder: string): Promise<readonly string[]>
  /** Opens a file for reading. */
  open(path: string): Promise<DiskFile>
  /** Makes a file, mode 0600, that must not be there, and opens it for writing. */
  create(path: string): Promise<DiskFile>
  /** Gives a file another name, at once; whatever had that name is gone. */
  rename(from: string, to: string): Promise<void>
  remove(path: string): Promise<void>
  /** Returns once the names in a folder are on the device as they are now. */
  syncFolder(path: string): Promise<void>
  /** Bytes that may still be written. */
  free(): Promise<number>
}

/**
 * One open file.
 *
 * @example
 * ```ts
 * import type { DiskFile } from '@pluribus/commit-log'
 *
 * async function firstByte(file: DiskFile): Promise<number | undefined> {
 *   const target = Buffer.alloc(1)
 *   return (await file.read(target, 0)) === 1 ? target[0] : undefined
 * }
 * ```
 */
export interface DiskFile {
  size(): Promise<number>
  /** Fills the target from the file. Returns the bytes read, which are fewer only where the file ends. */
  read(target: Uint8Array, position: number): Promise<number>
  /** Returns the bytes written, which may be fewer than were asked for, without an error: then the rest is the next call's to fail. */
  write(bytes: Uint8Array, position: number): Promise<number>
  /**
   * Returns once what was written is on the device. After an error nobody knows what is: the kernel reports it once and calls the
   * pages clean, so that the next call succeeds and means nothing. Rejects, too, when the file has no name any more.
   */
  sync(): Promise<void>
  close(): Promise<void>
}
