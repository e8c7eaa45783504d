import { rm } from 'node:fs/promises'
import { join } from 'node:path'

const FOLDER = join('.pluribus', 'demo')

/** Where the shop is unless `--adapter` says otherwise: a folder for each kind of sales. */
export const folderFor = (sales: { readonly name: string }): string => join(FOLDER, sales.name)

/** Throws everything away that earlier runs have left there. Nobody may be using it. */
export const empty = (folder: string): Promise<void> => rm(folder, { recursive: true, force: true })
