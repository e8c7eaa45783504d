import { readdirSync, readFileSync, readlinkSync } from 'node:fs'

/** Microseconds of one tick in `/proc`: 100 a second on every Linux that Node runs on. */
const TICK = 10_000

/**
 * How to read the processor time of the process that listens on a local port: what a message costs is not only what it costs
 * here. Linux.
 *
 * @example
 * ```ts
 * const serverTime = serverTimeOf(new URL('redis://127.0.0.1:20000'))
 * const microseconds = serverTime()
 * ```
 */
export function serverTimeOf({ port, href }: URL): () => number {
  const sockets = listenersOn(Number(port))
  const process = readdirSync('/proc').find(name => /^\d+$/.test(name) && holds(name, sockets))
  if (process === undefined) throw new Error(`No process listens where ${href} is.`)
  return () => timeOf(process)
}

/** The sockets, by the names that `/proc` gives them, that listen on a port. */
function listenersOn(port: number): ReadonlySet<string> {
  const LISTENS = '0A'
  const wanted = `:${port.toString(16).toUpperCase().padStart(4, '0')}`
  const rows = ['/proc/net/tcp', '/proc/net/tcp6'].flatMap(file =>
    readFileSync(file, 'utf8').trim().split('\n').slice(1),
  )
  const found = rows
    .map(row => row.trim().split(/\s+/))
    .filter(([, local, , state]) => {
      return state === LISTENS && local?.endsWith(wanted)
    })
  return new Set(found.map(([, , , , , , , , , inode]) => `socket:[${inode}]`))
}

function holds(process: string, sockets: ReadonlySet<string>): boolean {
  try {
    return readdirSync(`/proc/${process}/fd`).some(fd => sockets.has(readlinkSync(`/proc/${process}/fd/${fd}`)))
  } catch (error) {
    // It has ended, or is somebody else's: then it is not our server.
    if (['ENOENT', 'EACCES', 'ESRCH'].includes((error as NodeJS.ErrnoException).code ?? '')) return false
    throw error
  }
}

function timeOf(process: string): number {
  const line = readFileSync(`/proc/${process}/stat`, 'utf8')
  // The name of the program, in brackets, may contain blanks: what is counted comes behind it.
  const fields = line.slice(line.lastIndexOf(')') + 2).split(' ')
  return (Number(fields[11]) + Number(fields[12])) * TICK
}
