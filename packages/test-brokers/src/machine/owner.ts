import { readFileSync } from 'node:fs'

/** The user and group that processes run as. */
export interface Owner {
  readonly uid: number
  readonly gid: number
}

/** The first of the named users that is in a passwd file's text. */
export function findOwner(passwd: string, names: readonly string[]): Owner | undefined {
  const users = new Map(passwd.split('\n').map(line => [line.slice(0, line.indexOf(':')), line.split(':')]))
  for (const name of names) {
    const [, , uid, gid] = users.get(name) ?? []
    if (uid !== undefined && gid !== undefined) return { uid: Number(uid), gid: Number(gid) }
  }
  return undefined
}

/** The text of this machine's passwd file. */
export const readPasswd = (): string => readFileSync('/etc/passwd', 'utf8')
