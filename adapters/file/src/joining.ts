import { lastGeneration, nodeDisk } from '@pluribus/commit-log'
import { type Environment, isPluribusError } from '@pluribus/core/driver'
import { explained } from './errors.js'
import type { JoinedFolder } from './joined-folder.js'
import { FolderLeadership } from './leadership/folder-leadership.js'
import type { Leader } from './leadership/leader.js'
import { LocalFolder } from './live/local-folder.js'
import type { Resolved } from './options.js'
import { idleEnvironment, processEnvironment } from './process-environment.js'
import { folderService } from './sharing/folder-service.js'
import { FollowedFolder } from './sharing/followed-folder.js'

/** How a folder is joined: the options that concern the folder, and not one connection to it. */
export type JoinOptions = Omit<Resolved, 'name' | 'dir'>

/** Of the time after which a leader is replaced, the part for which one that closes waits for those who use the folder through it. */
const FAREWELL = 5

/**
 * Of the same time, the part for which what was handed out stays where it is after a leader that fell silent. Others notice that a fifth of it later
 * (a beat of Heartbeat), and count on what they have until then.
 */
const SILENCE = 2

/** Those that know of a leader that it did not answer, so that it is not given as long again. */
const forewarned = new Map<string, FolderLeadership>()

/**
 * Leads a folder, and opens it; or uses it through the process that leads it.
 *
 * @param path Of the folder, which is there.
 * @throws PluribusError `INVALID_CONFIGURATION`, `UNAUTHORIZED`, `UNSUPPORTED`, `CONFLICT` where it cannot be joined; what opening it throws.
 */
export async function joinFolder(path: string, options: JoinOptions, environment: Environment): Promise<JoinedFolder> {
  const fate = new Fate()
  const leadership = forewarned.get(path) ?? leadershipOf(path, options, environment)
  forewarned.delete(path)
  let followed: FollowedFolder | undefined
  const joined = await leadership.join({
    push: (name, argument) => followed?.push(name, argument),
    lost: cause => {
      if (isPluribusError(cause, 'TIMEOUT')) forewarned.set(path, leadership)
      fate.lose(cause)
    },
  })
  if (joined.role === 'follower') {
    const folder = new FollowedFolder({
      client: joined.client,
      environment: processEnvironment,
      window: options.window,
    })
    followed = folder
    fate.decide(cause => folder.lose(cause))
    return folder
  }
  const folder = await open(path, joined, options, environment)
  fate.decide(cause => folder.fail(cause))
  const { logger } = environment
  joined.serve(folderService({ path, folder, window: options.window, logger }))
  return folder
}

function leadershipOf(
  path: string,
  { leaderTimeout, unsafeFilesystem }: JoinOptions,
  environment: Environment,
): FolderLeadership {
  const disk = nodeDisk(path)
  return new FolderLeadership({
    folder: path,
    environment: { ...environment, ...processEnvironment },
    idle: { ...environment, ...idleEnvironment },
    leaderTimeout,
    unsafeFilesystem,
    floor: () => lastGeneration(disk),
    explain: explained,
  })
}

async function open(
  path: string,
  leader: Leader,
  { window, onDamage, leaderTimeout }: JoinOptions,
  { logger }: Environment,
): Promise<LocalFolder> {
  const { generation, origin } = leader
  try {
    return await LocalFolder.open({
      disk: nodeDisk(path),
      environment: { ...processEnvironment, logger },
      ...{ window, onDamage, generation, logId: origin },
      verify: () => leader.verify(),
      holdFor: leaderTimeout,
      holdUnclosedFor: leader.followsSilence ? leaderTimeout / SILENCE : 0,
      seeOff: gone => withinTime(gone, leaderTimeout / FAREWELL),
      release: () => leader.close(),
    })
  } catch (error) {
    await leader.close()
    throw error
  }
}

/** Returns when that is done, or so many milliseconds have passed. */
async function withinTime(done: Promise<void>, ms: number): Promise<void> {
  const { timers } = processEnvironment
  let timer: unknown
  const over = new Promise<void>(resolve => {
    timer = timers.setTimeout(resolve, ms)
  })
  await Promise.race([done, over])
  timers.clearTimeout(timer)
}

/** What is lost may be lost before there is anything that could hear of it. */
class Fate {
  #lost: { readonly cause: unknown } | undefined
  #hear: ((cause: unknown) => void) | undefined

  lose(cause: unknown): void {
    this.#lost = { cause }
    this.#hear?.(cause)
  }

  decide(hear: (cause: unknown) => void): void {
    this.#hear = hear
    if (this.#lost !== undefined) hear(this.#lost.cause)
  }
}
