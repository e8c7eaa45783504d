import { notDurable, notServing, serverTooOld, severalNodes } from './errors.js'
import type { Link } from './link.js'

/**
 * What a resolved publish is to survive: `memory`, nothing; `process`, the server's crash; `disk`, a power cut of its machine.
 *
 * @example
 * ```ts
 * import { type Durability, redis } from '@pluribus/redis'
 *
 * const least: Durability = 'disk'
 * export const ledger = redis({ durability: least })
 * ```
 */
export type Durability = 'memory' | 'process' | 'disk'

/** What a server says of itself. */
export interface ServerFacts {
  readonly version: string
  readonly durability: Durability
  /** What to change for the next better durability; empty where there is none. */
  readonly advice: string
  /** It is a node of a cluster: what is about several topics cannot be one step. */
  readonly isClustered: boolean
}

const RANKS: readonly Durability[] = ['memory', 'process', 'disk']
const OLDEST = 7
/** Policies that remove what has no time to live, as nothing here has. */
const EVICTING = /^allkeys-/

/** Asks a server what it keeps, and how well. Where it does not tell its settings, nothing is assumed in its favour. */
export async function readFacts(link: Link): Promise<ServerFacts> {
  const sections = ['server', 'persistence', 'memory', 'replication', 'cluster']
  const info = parse(String(await link.call('info', sections)))
  const version = info.get('redis_version') ?? 'unknown'
  if (!(Number(version.split('.')[0]) >= OLDEST)) throw serverTooOld(version)
  if (info.get('loading') === '1') throw notServing('it is still reading its data')
  if (info.get('role') === 'slave') throw notServing('it is a replica')
  const settings = await readSettings(link)
  const append = settings.get('appendonly') ?? (info.get('aof_enabled') === '1' ? 'yes' : 'no')
  const policy = settings.get('maxmemory-policy') ?? info.get('maxmemory_policy') ?? ''
  const limit = settings.get('maxmemory') ?? info.get('maxmemory') ?? '0'
  const isClustered = info.get('cluster_enabled') === '1'
  if (isClustered) await checkAlone(link)
  return { version, isClustered, ...judge(append, settings.get('appendfsync'), limit !== '0' && EVICTING.test(policy)) }
}

/** The keys would do for several nodes; the link goes to one. */
async function checkAlone(link: Link): Promise<void> {
  const size = parse(String(await link.call('cluster', ['INFO']))).get('cluster_size')
  if (size !== '1') throw severalNodes(size ?? 'unknown')
}

function judge(
  append: string,
  sync: string | undefined,
  isEvicting: boolean,
): Pick<ServerFacts, 'durability' | 'advice'> {
  if (isEvicting) {
    return {
      durability: 'memory',
      advice: 'It removes what it likes when its memory is full: CONFIG SET maxmemory-policy noeviction.',
    }
  }
  if (append !== 'yes') {
    return {
      durability: 'memory',
      advice: 'It keeps no append-only file: CONFIG SET appendonly yes, and appendfsync always.',
    }
  }
  if (sync === 'always') return { durability: 'disk', advice: '' }
  return { durability: 'process', advice: 'It answers before its file is on disk: CONFIG SET appendfsync always.' }
}

/** @throws PluribusError `UNSUPPORTED` where the server gives less than is asked for. */
export function checkDurability({ durability, advice }: ServerFacts, asked: Durability | undefined): void {
  if (asked !== undefined && RANKS.indexOf(durability) < RANKS.indexOf(asked))
    throw notDurable(asked, durability, advice)
}

async function readSettings(link: Link): Promise<ReadonlyMap<string, string>> {
  try {
    const asked = ['appendonly', 'appendfsync', 'maxmemory', 'maxmemory-policy']
    const flat = ((await link.call('config', ['GET', ...asked])) as readonly Buffer[]).map(String)
    return new Map(flat.flatMap((name, index) => (index % 2 === 0 ? [[name, flat[index + 1] as string]] : [])))
  } catch (error) {
    // Hosted servers have no such command, or not for everybody.
    if (error instanceof Error && /^(?:ERR unknown|NOPERM)/.test(error.message)) return new Map()
    throw error
  }
}

function parse(info: string): ReadonlyMap<string, string> {
  const lines = info.split('\r\n').filter(line => line.includes(':'))
  return new Map(lines.map(line => [line.slice(0, line.indexOf(':')), line.slice(line.indexOf(':') + 1)]))
}
