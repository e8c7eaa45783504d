import type { Disk, DiskFile } from './disk.js'
import { UNFINISHED } from './paths.js'

/** Writes all of it. A short write is gone on with: where the disk is full, the next one says so. */
export async function writeFully(file: DiskFile, bytes: Uint8Array, position: number): Promise<void> {
  for (let done = 0; done < bytes.length; ) {
    const written = await file.write(done === 0 ? bytes : bytes.subarray(done), position + done)
    if (written === 0)
      throw Object.assign(new Error('The disk takes no more bytes and gives no reason.'), { code: 'EIO' })
    done += written
  }
}

/** All bytes of a file, or undefined where there is none. */
export async function readFile(disk: Disk, path: string): Promise<Buffer | undefined> {
  let file: DiskFile
  try {
    file = await disk.open(path)
  } catch (error) {
    if (isMissing(error)) return undefined
    throw error
  }
  try {
    const bytes = Buffer.allocUnsafeSlow(await file.size())
    return bytes.subarray(0, await file.read(bytes, 0))
  } finally {
    await file.close()
  }
}

/** A file that has no name of its own yet. */
export interface UnnamedFile {
  readonly file: DiskFile
  readonly path: string
}

/** Makes a file whose content is on the device before anybody can find it. It is removed again if that fails. */
export async function prepareFile(
  disk: Disk,
  path: string,
  write: (file: DiskFile) => Promise<void>,
): Promise<UnnamedFile> {
  const file = await disk.create(path + UNFINISHED)
  try {
    await write(file)
    await file.sync()
    return { file, path }
  } catch (error) {
    await file.close()
    await discardFile(disk, path)
    throw error
  }
}

/** Gives a prepared file its name. When this fails, nobody knows whether it has it. */
export async function nameFile(disk: Disk, { path }: UnnamedFile): Promise<void> {
  await disk.rename(path + UNFINISHED, path)
  await disk.syncFolder(folderOf(path))
}

/** Makes a small file, or replaces it: there is the old one or the new one, whole, at any moment. */
export async function writeFile(disk: Disk, path: string, bytes: Uint8Array): Promise<void> {
  const unnamed = await prepareFile(disk, path, file => writeFully(file, bytes, 0))
  await unnamed.file.close()
  await nameFile(disk, unnamed)
}

/** Removes a file. A writer that does not know yet that it has been replaced may have done so before. */
export async function removeIfThere(disk: Disk, path: string): Promise<void> {
  try {
    await disk.remove(path)
  } catch (error) {
    if (!isMissing(error)) throw error
  }
}

/** Removes what was not finished. What cannot be removed now is removed by the next one to open the log. */
export async function discardFile(disk: Disk, path: string): Promise<void> {
  await disk.remove(path + UNFINISHED).catch(() => {})
}

export const folderOf = (path: string): string => path.slice(0, Math.max(0, path.lastIndexOf('/')))

export const isMissing = (error: unknown): boolean => codeOf(error) === 'ENOENT'

/** Whether the disk, or what this user may take of it, is full. */
export const isFull = (error: unknown): boolean => codeOf(error) === 'ENOSPC' || codeOf(error) === 'EDQUOT'

/** Whether the process, or the machine, may open no more files. */
export const isOutOfHandles = (error: unknown): boolean => codeOf(error) === 'EMFILE' || codeOf(error) === 'ENFILE'

const codeOf = (error: unknown): unknown => (error instanceof Error && 'code' in error ? error.code : undefined)
