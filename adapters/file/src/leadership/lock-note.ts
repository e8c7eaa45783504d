import { PluribusError } from '@pluribus/core/driver'

/** What a lock says of the process that made it. */
export interface LockNote {
  /** Shown by those who connect to it: 32 hexadecimal digits. A secret of the user. */
  readonly token: string
  /** Name of its socket, in the folder of the locks. */
  readonly socket: string
  /** Id of the folder, the same in every lock: 32 hexadecimal digits. */
  readonly origin: string
  /** For people: nothing is decided by it, since numbers of processes are used again, and each container has a 1. */
  readonly pid: number
  readonly host: string
}

const FORMAT = 1
const HEX = /^[0-9a-f]{32}$/
const SOCKET = /^s\.[0-9a-f]{16}$/

export const encodeLockNote = (note: LockNote): string => `${JSON.stringify({ format: FORMAT, ...note })}\n`

/**
 * What a lock says, or undefined where it is damaged: whoever wrote it had synced it before it became a lock, so its machine has failed since.
 *
 * @throws PluribusError `UNSUPPORTED` for one of a later version.
 */
export function decodeLockNote(text: string): LockNote | undefined {
  const { format, token, socket, origin, pid, host } = parse(text)
  if (typeof format === 'number' && format > FORMAT) {
    const message = 'A later version of @pluribus/file has the folder. Give all its processes the same version.'
    throw new PluribusError('UNSUPPORTED', message, { details: { format, own: FORMAT } })
  }
  if (typeof token !== 'string' || !HEX.test(token) || typeof origin !== 'string' || !HEX.test(origin)) return undefined
  if (typeof socket !== 'string' || !SOCKET.test(socket)) return undefined
  return { token, socket, origin, pid: Number(pid), host: String(host) }
}

/** Its fields, none where it has none. */
function parse(text: string): { readonly [Field in keyof LockNote | 'format']?: unknown } {
  try {
    const found: unknown = JSON.parse(text)
    return typeof found === 'object' && found !== null ? found : {}
  } catch {
    return {}
  }
}
