import { mkdir } from 'node:fs/promises'

/** The folder that a setup's URL names, made where it is missing. */
export async function folderOf(url: string): Promise<string> {
  const folder = url.replace(/^file:/, '')
  if (folder === url) throw new Error(`${url} names no folder.`)
  await mkdir(folder, { recursive: true })
  return folder
}
