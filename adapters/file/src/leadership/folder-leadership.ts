import { randomBytes } from 'node:crypto'
import { hostname } from 'node:os'
import { join } from 'node:path'
import { type Environment, isPluribusError } from '@pluribus/core/driver'
import type { PlainValue } from '../socket/plain-value.js'
import { SocketClient } from '../socket/socket-client.js'
import { SocketServer } from '../socket/socket-server.js'
import { type Candidate, elect } from './election.js'
import { hasEnded } from './ended.js'
import { Leader } from './leader.js'
import { clearLeftovers } from './leftovers.js'
import type { LockNote } from './lock-note.js'
import { NodeLockFolder } from './node-lock-folder.js'

/** Beats of a heartbeat, looks of a leader, within the time after which a leader that does not answer is replaced. */
const LOOKS = 5
/** A leader cuts off those who follow it later than they give it up. */
const PATIENCE = 3
const FIRST_PAUSE = 10
const LONGEST_PAUSE = 250

/** How a folder is led. */
export interface LeadershipOptions {
  /** The broker's; the locks are in `leaders` in it. */
  readonly folder: string
  readonly environment: Environment
  /** The same, with timers for which the process does not stay: of a leader that waits for others. */
  readonly idle: Environment
  /** Milliseconds after which a leader that does not answer is replaced: more than an event loop is ever busy. */
  readonly leaderTimeout: number
  /** Use a file system that other machines may use as well. This machine must be the only one. */
  readonly unsafeFilesystem: boolean
  /** The last generation that has left anything in the folder, beside its lock. */
  floor(): Promise<number>
  /** What those who follow are told of an error that is no `PluribusError`. */
  explain(error: unknown): unknown
}

/** What happens to a process that has joined. */
export interface JoinEvents {
  /** The leader says something that was not asked for. */
  push(name: string, argument: PlainValue): void
  /** This process leads no more, or has lost its leader: join again. Called once: after its client was closed, too, but not after a leader was. */
  lost(cause: unknown): void
}

/** Another process leads the folder. */
export interface Follower {
  readonly role: 'follower'
  readonly generation: number
  /** What the leader says of itself. */
  readonly note: LockNote
  readonly client: SocketClient
}

interface ListeningCandidate extends Candidate {
  readonly server: SocketServer
  /** Whom those who greet it are turned away by. */
  verify: () => void
}

/**
 * Has one process at a time lead a folder, and the others use it through that one.
 *
 * @example
 * ```
 * const leadership = new FolderLeadership({ folder, environment, idle, leaderTimeout: 5000, unsafeFilesystem: false, floor, explain })
 * const joined = await leadership.join({ push, lost })
 * if (joined.role === 'leader') joined.serve(await openService(joined.generation, () => joined.verify()))
 * else await joined.client.call('publish', batch)
 * ```
 */
export class FolderLeadership {
  readonly #options: LeadershipOptions
  /** Generation of a leader that did not answer when it was last heard of. */
  #silent = 0
  /** The leader that was last asked did not answer, and has not ended. */
  #hasGivenUp = false

  constructor(options: LeadershipOptions) {
    this.#options = options
  }

  /**
   * Follows the process that leads, or leads. Returns at once where a leader answers or has ended, after `leaderTimeout` where it does
   * neither, and after a fifth of that where it had been found so before.
   *
   * @throws PluribusError `INVALID_CONFIGURATION`, `UNAUTHORIZED`, `UNSUPPORTED`: the folder cannot be used. `CONFLICT`: a process of another machine may have it.
   */
  async join(events: JoinEvents): Promise<Leader | Follower> {
    const { folder, environment, idle, floor, leaderTimeout, unsafeFilesystem } = this.#options
    const locks = await NodeLockFolder.open(join(folder, 'leaders'), unsafeFilesystem)
    let isLeading = false
    this.#hasGivenUp = false
    try {
      const elected = await elect({
        locks,
        floor,
        follow: (note, generation) => this.#follow(locks, note, generation, events),
        stand: origin => this.#stand(locks, origin),
      })
      const { generation } = elected
      if (elected.role === 'follower') return { role: 'follower', generation, ...elected.followed }
      isLeading = true
      const { candidate, claim } = elected
      const { server } = candidate
      const interval = leaderTimeout / LOOKS
      const followsSilence = this.#hasGivenUp
      const parts = { environment: idle, locks, claim, generation, server, interval, followsSilence }
      const leader = new Leader({ ...parts, lost: events.lost })
      candidate.verify = () => leader.verify()
      if (locks.trust === 'memory')
        environment.logger.warn({ folder }, 'This folder is in memory: it ends with the machine.')
      const untidy = (error: unknown) =>
        environment.logger.warn({ folder, error }, 'What others have left could not be removed.')
      await clearLeftovers(locks, claim.note.socket).catch(untidy)
      return leader
    } finally {
      if (!isLeading) await locks.close()
    }
  }

  async #stand(locks: NodeLockFolder, origin = randomBytes(16).toString('hex')): Promise<ListeningCandidate> {
    const { idle: environment, explain, leaderTimeout: timeout } = this.#options
    const note = {
      token: randomBytes(16).toString('hex'),
      socket: NodeLockFolder.newSocket(),
      origin,
      pid: process.pid,
      host: hostname(),
    }
    const server = await SocketServer.listen(locks.addressOf(note.socket), {
      environment,
      token: note.token,
      timeout: timeout * PATIENCE,
      verify: () => candidate.verify(),
      explain,
    })
    // Nobody knows its token before it leads.
    const candidate: ListeningCandidate = { note, server, verify: () => {}, withdraw: () => server.close() }
    return candidate
  }

  /** A connection to a leader; undefined where it has ended, or does not serve us for as long as is given to it. */
  async #follow(
    locks: NodeLockFolder,
    note: LockNote,
    generation: number,
    { push, lost }: JoinEvents,
  ): Promise<Pick<Follower, 'client' | 'note'> | undefined> {
    const { environment, leaderTimeout } = this.#options
    const patience = generation === this.#silent ? leaderTimeout / LOOKS : leaderTimeout
    const place = { path: locks.path, trust: locks.trust, host: hostname() }
    const until = environment.clock.monotonic() + patience
    for (let pause = FIRST_PAUSE; ; pause = Math.min(LONGEST_PAUSE, 2 * pause)) {
      try {
        const client = await SocketClient.connect(locks.addressOf(note.socket), {
          environment,
          token: note.token,
          timeout: leaderTimeout,
          greetingTimeout: patience,
          push,
          lost: cause => {
            if (isPluribusError(cause, 'TIMEOUT')) this.#silent = generation
            lost(cause)
          },
        })
        return { client, note }
      } catch (error) {
        this.#hasGivenUp = !hasEnded(place, note, error)
        if (!this.#hasGivenUp || environment.clock.monotonic() >= until) return undefined
      }
      await new Promise<void>(resolve => environment.timers.setTimeout(resolve, pause))
    }
  }
}
