import { type Damage, describeDamage } from '../damage.js'
import type { Disk } from '../disk.js'
import type { LogEnvironment } from '../environment.js'
import { LogError } from '../log-error.js'
import { dumpLog, repairLog, verifyLog } from '../log-tools.js'
import type { LogReading } from '../log-verification.js'
import { isMissing } from '../whole-file.js'
import { progressLines } from './progress.js'

/** What can be done to a log from outside. */
export type Tool = 'verify' | 'repair' | 'dump'

/** What was asked for, and where to say what came of it. */
export interface ToolOptions {
  readonly tool: Tool
  /** One line of JSON instead of lines for people. */
  readonly json: boolean
  /** Somebody has said that nobody else has the log open. */
  readonly alone: boolean
  readonly environment: LogEnvironment
  /** Takes a line of the answer. */
  write(line: string): void
  /** Takes a line about what went wrong. */
  tell(line: string): void
  /** Takes a line that replaces the one before; undefined where nobody watches. */
  readonly progress: ((line: string) => void) | undefined
}

/** @returns The exit code: 0 whole, 1 damaged, 2 asked wrongly, 3 could not be done. */
export async function runTool(disk: Disk, options: ToolOptions): Promise<number> {
  const { tool, alone, environment, progress } = options
  if (tool === 'repair' && !alone) {
    options.tell('A log may be repaired only while nobody else has it open. If that is so, say --alone.')
    return 2
  }
  const reading = progress === undefined ? {} : { progress: progressLines(environment, progress) }
  try {
    return await TOOLS[tool](disk, options, reading)
  } catch (error) {
    progress?.('')
    options.tell(explain(error))
    return 3
  } finally {
    progress?.('')
  }
}

function explain(error: unknown): string {
  if (isMissing(error)) return 'Who writes this log has removed a part of it before it was read. Try again.'
  const code = error instanceof LogError ? `${error.code}: ` : ''
  return `${code}${error instanceof Error ? error.message : error}`
}

type Watching = Pick<LogReading, 'progress'>

const TOOLS: Readonly<Record<Tool, (disk: Disk, options: ToolOptions, reading: Watching) => Promise<number>>> = {
  verify: async (disk, options, reading) => {
    const { segments, records, next, damage, absent, brokenCheckpoints } = await verifyLog(disk, reading)
    const isWhole = damage.length + brokenCheckpoints.length === 0
    if (options.json) {
      options.write(JSON.stringify({ isWhole, segments, records, next, damage, absent, brokenCheckpoints }))
    } else {
      options.write(`${records} records in ${segments} segments; the next one is ${next}`)
      for (const { first, next: end } of absent)
        options.write(`never stored, or lost and declared so: ${first} to ${end - 1}`)
      tellDamage(damage, options)
      for (const path of brokenCheckpoints) options.write(`broken checkpoint: ${path}`)
      options.write(isWhole ? 'whole' : 'damaged')
    }
    return isWhole ? 0 : 1
  },
  repair: async (disk, options, reading) => {
    const { damage, discarded, quarantined } = await repairLog(disk, reading)
    if (options.json) options.write(JSON.stringify({ damage, discarded, quarantined }))
    else {
      tellDamage(damage, options)
      if (discarded !== undefined)
        options.write(`a batch that was never acknowledged ended the log, from ${discarded.first} on`)
      for (const path of quarantined) options.write(`kept aside: ${path}`)
      options.write(damage.length === 0 ? 'nothing was lost' : 'repaired: what is lost is declared')
    }
    return damage.length === 0 ? 0 : 1
  },
  dump: async (disk, { write }, reading) => {
    let isDamaged = false
    const tell = (line: string) => {
      isDamaged ||= line.startsWith('{"damage":')
      write(line)
    }
    await dumpLog(disk, tell, reading)
    return isDamaged ? 1 : 0
  },
}

function tellDamage(damage: readonly Damage[], { write }: ToolOptions): void {
  for (const found of damage) write(`damaged: ${describeDamage(found)}`)
}
