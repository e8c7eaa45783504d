import { execFile } from 'node:child_process'
import { accessSync, constants, globSync, statSync } from 'node:fs'
import { homedir } from 'node:os'
import { delimiter, join } from 'node:path'
import { promisify } from 'node:util'
import { findOwner, type Owner, readPasswd } from './owner.ts'

/** In a list of folders: those on the PATH. */
export const ON_PATH = '$PATH'

/** What recipes ask of the machine that they run on. */
export interface Machine {
  /**
   * The path of a program: in the first of these folders that has it. They may be patterns, of which the largest version comes
   * first; {@link ON_PATH} stands for all on the PATH, and is the default.
   */
  which(program: string, folders?: readonly string[]): string | undefined
  /** Runs a program to its end and answers what it has printed. Rejects unless it succeeds. */
  run(file: string, args: readonly string[], env?: Readonly<Record<string, string>>): Promise<string>
  /** Whether Debian packages may be installed: as root, where there is apt-get. */
  readonly mayInstall: boolean
  /** Whether files may be fetched into {@link cache}. */
  readonly mayFetch: boolean
  readonly isRoot: boolean
  /** The first of these users that there is. */
  owner(names: readonly string[]): Owner | undefined
  /** A folder in which downloads are kept for the next time. */
  readonly cache: string
}

const execute = promisify(execFile)

/** This machine. `PLURIBUS_BROKERS_INSTALL=never` forbids it to install anything. */
export function thisMachine(env: NodeJS.ProcessEnv = process.env): Machine {
  const isRoot = process.getuid?.() === 0
  const onPath = (env.PATH ?? '').split(delimiter).filter(folder => folder !== '')
  const which: Machine['which'] = (program, folders = [ON_PATH]) =>
    folders
      .flatMap(folder => (folder === ON_PATH ? onPath : matches(folder)))
      .map(folder => join(folder, program))
      .find(isProgram)
  const isAllowed = env.PLURIBUS_BROKERS_INSTALL !== 'never'
  return {
    which,
    mayFetch: isAllowed,
    isRoot,
    mayInstall: isRoot && which('apt-get') !== undefined && isAllowed,
    cache: join(env.XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'pluribus'),
    owner: names => findOwner(readPasswd(), names),
    run: async (file, args, more = {}) => {
      const { stdout, stderr } = await execute(file, [...args], {
        env: { ...env, ...more },
        maxBuffer: 64 * 1024 * 1024,
      })
      return stdout + stderr
    },
  }
}

const matches = (pattern: string): string[] =>
  globSync(pattern).sort((a, b) => b.localeCompare(a, 'en', { numeric: true }))

function isProgram(path: string): boolean {
  try {
    accessSync(path, constants.X_OK)
    return statSync(path).isFile()
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === 'ENOENT' || code === 'EACCES' || code === 'ENOTDIR') return false
    throw error
  }
}
