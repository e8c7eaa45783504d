import type { Environment, TimerHandle } from '../../driver/environment.js'
import type { SimCommit } from '../sim-log-server/group-server.js'
import type { SimLink } from '../sim-log-server/sim-link.js'
import { SimLogError, type SimLogErrorKind } from '../sim-log-server/sim-log-error.js'
import type { SimLogServer } from '../sim-log-server/sim-log-server.js'
import type { SimAssignment, SimBatch, SimIdentity, SimMemberEvents } from '../sim-log-server/sim-member.js'

/** Before joining again, in milliseconds. */
const PAUSE = 50

/** What says that we are outside of the group already. */
const OUTSIDE: ReadonlySet<SimLogErrorKind> = new Set(['LOST', 'CLOSED', 'FENCED', 'REPLACED', 'NOT_FOUND'])

/** What a membership is made with. */
export interface MembershipOptions {
  readonly server: SimLogServer
  readonly link: SimLink
  readonly environment: Environment
  readonly group: string
  readonly channels: readonly string[]
  /** Whose place it takes. Absent: nobody's. */
  readonly identity?: SimIdentity
  readonly owner: MembershipOwner
}

/** Whom a membership tells what the server says. */
export interface MembershipOwner {
  revoke(indexes: readonly number[]): void
  assign(assignments: readonly SimAssignment[]): void
  batch(batch: SimBatch): void
  /** Everything is lost: we were no member for a while, and join again by ourselves. */
  fenced(): void
  /** There is no coming back. */
  ended(cause: unknown): void
  /** Called at each heartbeat. False: let go, until {@link Membership.join} is called again. */
  isWanted(): boolean
}

/** A consumer's place in its group, as a client library keeps it: joins, says that it lives, and joins again when it was missed. */
export class Membership {
  readonly #options: MembershipOptions
  #name: string | undefined
  #timer: TimerHandle | undefined
  #isOver = false

  constructor(options: MembershipOptions) {
    this.#options = options
  }

  /** Neither a member nor about to become one. */
  get isIdle(): boolean {
    return this.#name === undefined && this.#timer === undefined && !this.#isOver
  }

  async join(): Promise<void> {
    const { server, link, environment, group, channels, identity, owner } = this.#options
    const name = `${environment.instance}#${link.unique()}`
    this.#name = name
    try {
      await link.call('join', () => {
        server.group(group, channels).join(link, name, identity, this.#events(name))
      })
    } catch (error) {
      // It may have happened: nobody is to wait for a member that does not know that it is one.
      link.tell(() => server.groups.get(group)?.leave(name))
      if (this.#name === name) {
        this.#name = undefined
        // Partitions may have come before the reply that did not.
        owner.fenced()
      }
      throw error
    }
    if (this.#name === name) this.#beat(name)
  }

  /** Rejects with `FENCED` where one of the partitions is not ours. */
  async commit(commits: readonly SimCommit[]): Promise<void> {
    const name = this.#name
    if (name === undefined) throw new SimLogError('FENCED', 'This consumer is no member of its group now.')
    const { server, link, group } = this.#options
    try {
      await link.call('commit', () => existing(server, group).commit(name, commits))
    } catch (error) {
      this.#failed(name, error)
      throw error
    }
  }

  /** Stores a last time, and lets go: in this order, because one follows the other on the link. */
  async release(indexes: readonly number[], commits: readonly SimCommit[]): Promise<void> {
    const name = this.#name
    const { server, link, group } = this.#options
    const committed = this.commit(commits)
    if (name !== undefined) link.tell(() => server.groups.get(group)?.release(name, indexes))
    await committed
  }

  read(channel: string, index: number, from: number): void {
    const name = this.#name
    const { server, link, group } = this.#options
    if (name !== undefined) link.tell(() => server.groups.get(group)?.read(name, channel, index, from))
  }

  flow(channel: string, index: number, isPaused: boolean): void {
    const name = this.#name
    const { server, link, group } = this.#options
    if (name !== undefined) link.tell(() => server.groups.get(group)?.flow(name, channel, index, isPaused))
  }

  /** Stores a last time, and leaves the group; where the link is broken, or we are no member any more, there is nothing to leave. */
  async leave(commits: readonly SimCommit[]): Promise<void> {
    const name = this.#name
    const { server, link, environment, group } = this.#options
    const committed = name === undefined || commits.length === 0 ? undefined : this.commit(commits)
    this.#forget()
    const left = link.call('leave', () => {
      if (name !== undefined) server.groups.get(group)?.leave(name)
    })
    try {
      await Promise.all([committed, left])
    } catch (error) {
      if (!(error instanceof SimLogError) || !OUTSIDE.has(error.kind)) throw error
      environment.logger.debug({ error }, 'There was nothing to leave; what was not stored comes twice.')
    }
  }

  /** For good. */
  stop(): void {
    this.#isOver = true
    this.#forget()
  }

  #forget(): void {
    this.#name = undefined
    if (this.#timer !== undefined) this.#options.environment.timers.clearTimeout(this.#timer)
    this.#timer = undefined
  }

  /** What is told to a member that we were before concerns nobody any more. */
  #events(name: string): SimMemberEvents {
    const { owner } = this.#options
    const ifCurrent = (act: () => void) => {
      if (this.#name === name) act()
    }
    return {
      revoke: indexes => ifCurrent(() => owner.revoke(indexes)),
      assign: assignments => ifCurrent(() => owner.assign(assignments)),
      batch: batch => ifCurrent(() => owner.batch(batch)),
      evicted: cause => this.#failed(name, cause),
    }
  }

  #beat(name: string): void {
    const { server, link, environment, group, owner } = this.#options
    this.#timer = environment.timers.setTimeout(() => {
      this.#timer = undefined
      if (!owner.isWanted()) return
      this.#beat(name)
      link.call('heartbeat', () => existing(server, group).heartbeat(name)).catch(error => this.#failed(name, error))
    }, server.sessionTimeout / 4)
  }

  /** Only what says that we are no member matters here: everything else is for whoever called. */
  #failed(name: string, error: unknown): void {
    if (this.#name !== name || this.#isOver || !(error instanceof SimLogError)) return
    if (error.kind === 'REPLACED' || error.kind === 'NOT_FOUND') return this.#end(error)
    if (error.kind !== 'FENCED') return
    this.#forget()
    this.#options.owner.fenced()
    this.#joinAgain()
  }

  #joinAgain(): void {
    this.#timer = this.#options.environment.timers.setTimeout(() => {
      this.#timer = undefined
      this.join().catch((error: unknown) => {
        if (this.#isOver) return
        if (error instanceof SimLogError && error.kind === 'NOT_FOUND') this.#end(error)
        else this.#joinAgain()
      })
    }, PAUSE)
  }

  #end(cause: unknown): void {
    this.stop()
    this.#options.owner.ended(cause)
  }
}

const existing = (server: SimLogServer, group: string) => {
  const found = server.groups.get(group)
  if (found === undefined) throw new SimLogError('NOT_FOUND', `There is no group "${group}".`)
  return found
}
