import type { TimerHandle } from '../../driver/environment.js'
import type { GroupServer, SimCommit } from './group-server.js'
import type { SimLink } from './sim-link.js'
import { SimLogError } from './sim-log-error.js'
import { type SimIdentity, SimMember, type SimMemberEvents } from './sim-member.js'

/**
 * Consumers that share the partitions of some channels: partition `n` of every channel has the same owner. Nobody gets a
 * partition before whoever had it has let go of it, or has been silent for a session.
 */
export class SimGroup {
  readonly channels: readonly string[]
  readonly #server: GroupServer
  readonly #partitions: number
  readonly #members = new Map<string, SimMember>()
  readonly #commits = new Map<string, SimCommit>()
  /** Who had each partition last. */
  readonly #lastOwners = new Map<number, string>()
  /** Forced rebalances really move something. */
  #rotation = 0
  #unrest: TimerHandle | undefined

  constructor(server: GroupServer, channels: readonly string[], partitions: number) {
    this.#server = server
    this.channels = channels
    this.#partitions = partitions
  }

  get members(): readonly SimMember[] {
    return [...this.#members.values()]
  }

  get commits(): readonly SimCommit[] {
    return [...this.#commits.values()]
  }

  /**
   * Throws `REPLACED` where a later generation of the same identity is a member. An earlier one is replaced at once and in its
   * place, so that its partitions go nowhere else: static membership.
   */
  join(link: SimLink, name: string, identity: SimIdentity | undefined, events: SimMemberEvents): void {
    const former = this.members.find(each => identity !== undefined && each.identity?.id === identity.id)
    if (former?.identity !== undefined && identity !== undefined && former.identity.generation > identity.generation) {
      throw new SimLogError('REPLACED', `${former.name} is a later generation of ${identity.id}.`)
    }
    const evict = () => this.#evict(member, fenced(`${name} has been silent for a session.`))
    const member: SimMember = new SimMember(this.#server, { name, identity, link, events, silent: evict })
    const others = this.members
    if (former !== undefined) {
      this.#remove(former, new SimLogError('REPLACED', `${name} has taken the place of ${former.name}.`))
    }
    this.#members.clear()
    for (const each of others) {
      const next = each === former ? member : each
      this.#members.set(next.name, next)
    }
    this.#members.set(name, member)
    if (this.#members.size === 1) this.#armUnrest()
    this.#rebalance()
  }

  heartbeat(name: string): void {
    this.#member(name).heard()
  }

  /** The member has let go of these. Whoever is none any more has let go of everything. */
  release(name: string, indexes: readonly number[]): void {
    const member = this.#members.get(name)
    if (member === undefined) return
    for (const index of indexes) this.#take(member, index)
    this.#complete()
  }

  leave(name: string): void {
    const member = this.#members.get(name)
    if (member === undefined) return
    this.#remove(member)
    this.#rebalance()
  }

  /** Stores all, or nothing: a partition that is somebody else's refuses the whole commit. */
  commit(name: string, commits: readonly SimCommit[]): void {
    const member = this.#member(name)
    member.heard()
    for (const { index, note } of commits) {
      if (!member.owned.has(index)) throw fenced(`Partition ${index} is not owned by ${name}.`)
      if (note.length > this.#server.noteBytes) throw new SimLogError('NOTE_TOO_LONG', `${note.length} characters.`)
    }
    for (const commit of commits) this.#commits.set(`${commit.channel}/${commit.index}`, commit)
  }

  read(name: string, channel: string, index: number, from: number): void {
    const member = this.#members.get(name)
    if (member?.owned.has(index) === true) member.read(channel, index, from)
  }

  flow(name: string, channel: string, index: number, isPaused: boolean): void {
    this.#members.get(name)?.flow(channel, index, isPaused)
  }

  /** Something was appended. */
  appended(channel: string, index: number): void {
    for (const member of this.#members.values()) member.pump(channel, index)
  }

  /** The partitions are dealt out anew, to others than before. */
  disturb(): void {
    this.#rotation++
    this.#rebalance()
  }

  /** The server has crashed, or the group is deleted: nobody is a member any more. */
  disband(cause?: SimLogError): void {
    for (const member of this.members) this.#remove(member, cause)
    this.#lastOwners.clear()
  }

  forget(link: SimLink): void {
    // A broken link ends no membership: that is for the session to do.
    for (const member of this.#members.values()) if (member.link === link) member.fallSilent()
  }

  #member(name: string): SimMember {
    const member = this.#members.get(name)
    if (member === undefined) throw fenced(`${name} is no member of this group.`)
    return member
  }

  #evict(member: SimMember, cause: SimLogError): void {
    this.#remove(member, cause)
    this.#rebalance()
  }

  /** `cause`: it is told that it is none any more. */
  #remove(member: SimMember, cause?: SimLogError): void {
    for (const index of [...member.owned]) this.#take(member, index)
    this.#members.delete(member.name)
    member.end(cause)
    if (this.#members.size > 0 || this.#unrest === undefined) return
    this.#server.time.timers.clearTimeout(this.#unrest)
    this.#unrest = undefined
  }

  #take(member: SimMember, index: number): void {
    if (!member.owned.has(index)) return
    member.take(index)
    this.#lastOwners.set(index, member.name)
  }

  #target(): ReadonlyMap<number, SimMember> {
    const members = this.members
    const target = new Map<number, SimMember>()
    for (let index = 0; index < this.#partitions; index++) {
      const member = members[(index + this.#rotation) % members.length]
      if (member !== undefined) target.set(index, member)
    }
    return target
  }

  #rebalance(): void {
    const target = this.#target()
    for (const member of this.#members.values()) {
      const leaving = [...member.owned].filter(
        index => this.#server.rebalancing === 'eager' || target.get(index) !== member,
      )
      member.ask(leaving)
    }
    this.#complete()
  }

  /** Once nobody owns what it should not, everything is dealt out. */
  #complete(): void {
    if (this.members.some(member => member.isAsked)) return
    const target = this.#target()
    for (const member of this.#members.values()) {
      const given = [...target].filter(([index, owner]) => owner === member && !member.owned.has(index))
      const assignments = given.map(([index]) => {
        const commits = this.channels.map(channel => this.#commits.get(`${channel}/${index}`))
        const known = commits.filter(commit => commit !== undefined)
        return { index, isKept: this.#lastOwners.get(index) === member.name, commits: known }
      })
      member.give(assignments)
    }
  }

  #armUnrest(): void {
    const ms = this.#server.unrest()
    if (ms === undefined) return
    this.#unrest = this.#server.time.timers.setTimeout(() => {
      this.#armUnrest()
      this.disturb()
    }, ms)
  }
}

const fenced = (why: string): SimLogError => new SimLogError('FENCED', why)
