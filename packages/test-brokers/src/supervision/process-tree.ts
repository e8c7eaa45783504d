import { readdirSync, readFileSync } from 'node:fs'

/** A process that has not ended. Numbers are used again; a number and the time of its start are not. */
export interface Entry {
  readonly pid: number
  readonly parent: number
  readonly group: number
  /** In ticks since the machine's start. */
  readonly started: string
}

/**
 * A process, what it has started and what those have started, as far as it lives. A group is not enough: Postgres gives
 * each of its processes a group of its own. A child whose parent has ended is found by its group.
 */
export function processTree(root: Entry): Entry[] {
  const entries = listProcesses()
  const holder = entries.find(({ pid }) => pid === root.pid)
  // A number is not given away while a group has it: where another process has it, the group is gone.
  if (holder !== undefined && holder.started !== root.started) return []
  const tree = new Set(entries.filter(entry => entry === holder || entry.group === root.pid))
  const pids = new Set([...tree].map(({ pid }) => pid))
  for (let size = -1; size !== tree.size; ) {
    size = tree.size
    for (const entry of entries) {
      if (!pids.has(entry.parent)) continue
      tree.add(entry)
      pids.add(entry.pid)
    }
  }
  return [...tree]
}

/** Whether it has not ended. */
export function lives({ pid, started }: Entry): boolean {
  return readEntry(pid)?.started === started
}

function listProcesses(): Entry[] {
  return readdirSync('/proc').flatMap(name => (/^\d+$/.test(name) ? (readEntry(Number(name)) ?? []) : []))
}

/** The process with this number; undefined where there is none that has not ended. */
export function readEntry(pid: number): Entry | undefined {
  try {
    return parseStat(readFileSync(`/proc/${pid}/stat`, 'utf8'))
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === 'ENOENT' || code === 'ESRCH') return undefined
    throw error
  }
}

/** `pid (name) state parent group …`, proc(5); a name may hold spaces and parentheses. What only awaits its parent's look has ended. */
export function parseStat(stat: string): Entry | undefined {
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  const [state, parent, group] = fields
  if (state === 'Z' || state === 'X') return undefined
  return { pid: Number.parseInt(stat, 10), parent: Number(parent), group: Number(group), started: fields[19] ?? '' }
}
