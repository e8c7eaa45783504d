import type { TimerHandle } from '../../driver/environment.js'
import type { GroupServer, SimCommit } from './group-server.js'
import type { SimLink } from './sim-link.js'
import type { SimLogError } from './sim-log-error.js'
import type { StoredSimRecord } from './sim-partition.js'

/** Records that travel to a client in one go. */
const BATCH = 64

/** A partition that a member gets. */
export interface SimAssignment {
  readonly index: number
  /** It had it before, and nobody else in between. */
  readonly isKept: boolean
  readonly commits: readonly SimCommit[]
}

/** Records of one partition, as they travel to a client. */
export interface SimBatch {
  readonly channel: string
  readonly index: number
  readonly records: readonly StoredSimRecord[]
  /** Where reading goes on: what is missing up to there does not exist. */
  readonly next: number
  /** The server's clock, in milliseconds since the epoch. */
  readonly time: number
}

/** What a server tells a member. */
export interface SimMemberEvents {
  /** Let go of these, and say so. */
  revoke(indexes: readonly number[]): void
  /** A rebalance is over. These are given; what was revoked and is not among them has gone to others. */
  assign(assignments: readonly SimAssignment[]): void
  batch(batch: SimBatch): void
  /** It is no member any more. */
  evicted(cause: SimLogError): void
}

interface Cursor {
  readonly channel: string
  readonly index: number
  next: number
  isPaused: boolean
  /** One batch travels at a time. */
  isSending: boolean
}

/** Who a member is, over its reconnections: a later generation takes the place of an earlier one. */
export interface SimIdentity {
  readonly id: string
  readonly generation: number
}

interface SimMemberInit {
  readonly name: string
  /** Absent: somebody who replaces nobody. */
  readonly identity: SimIdentity | undefined
  readonly link: SimLink
  readonly events: SimMemberEvents
  /** Nothing was heard of it for a session, or it has not let go of what it should. */
  readonly silent: () => void
}

/** One consumer, as its group knows it: what it owns, where it reads, and when it was last heard. */
export class SimMember {
  readonly name: string
  readonly identity: SimIdentity | undefined
  readonly link: SimLink
  readonly owned = new Set<number>()
  /** Owned, and asked back. */
  readonly #asked = new Set<number>()
  readonly #cursors = new Map<string, Cursor>()
  readonly #server: GroupServer
  readonly #events: SimMemberEvents
  readonly #silent: () => void
  #session: TimerHandle | undefined
  #isSilent = false

  constructor(server: GroupServer, { name, identity, link, events, silent }: SimMemberInit) {
    this.#server = server
    this.name = name
    this.identity = identity
    this.link = link
    this.#events = events
    this.#silent = silent
    this.heard()
  }

  get isAsked(): boolean {
    return this.#asked.size > 0
  }

  heard(): void {
    // Whoever is asked for something has one session to let go of it, alive or not.
    if (this.isAsked || this.#isSilent) return
    this.#arm()
  }

  /** Its link has broken: it will not be heard any more. */
  fallSilent(): void {
    this.#isSilent = true
  }

  ask(indexes: readonly number[]): void {
    const fresh = indexes.filter(index => !this.#asked.has(index))
    if (fresh.length === 0) return
    if (!this.isAsked && !this.#isSilent) this.#arm()
    for (const index of fresh) this.#asked.add(index)
    this.link.push(() => this.#events.revoke(fresh))
  }

  give(assignments: readonly SimAssignment[]): void {
    for (const { index } of assignments) this.owned.add(index)
    this.link.push(() => this.#events.assign(assignments))
  }

  take(index: number): void {
    this.owned.delete(index)
    this.#asked.delete(index)
    for (const [key, cursor] of this.#cursors) if (cursor.index === index) this.#cursors.delete(key)
    this.heard()
  }

  read(channel: string, index: number, from: number): void {
    const cursor = { channel, index, next: from, isPaused: false, isSending: false }
    this.#cursors.set(`${channel}/${index}`, cursor)
    this.#pump(cursor)
  }

  flow(channel: string, index: number, isPaused: boolean): void {
    const cursor = this.#cursors.get(`${channel}/${index}`)
    if (cursor === undefined) return
    cursor.isPaused = isPaused
    this.#pump(cursor)
  }

  pump(channel: string, index: number): void {
    const cursor = this.#cursors.get(`${channel}/${index}`)
    if (cursor !== undefined) this.#pump(cursor)
  }

  /** `cause`: it is told. */
  end(cause: SimLogError | undefined): void {
    this.#server.time.timers.clearTimeout(this.#session)
    this.#cursors.clear()
    if (cause !== undefined) this.link.push(() => this.#events.evicted(cause))
  }

  #pump(cursor: Cursor): void {
    const { channel, index } = cursor
    const key = `${channel}/${index}`
    if (cursor.isPaused || cursor.isSending || this.#cursors.get(key) !== cursor) return
    const found = this.#server.find(channel, index)?.read(cursor.next, BATCH)
    if (found === undefined || found.next === cursor.next) return
    cursor.next = found.next
    cursor.isSending = true
    const batch = { channel, index, ...found, time: this.#server.time.clock.now() }
    this.link.push(
      () => this.#events.batch(batch),
      () => {
        cursor.isSending = false
        this.#pump(cursor)
      },
    )
  }

  #arm(): void {
    const { time, sessionTimeout } = this.#server
    time.timers.clearTimeout(this.#session)
    this.#session = time.timers.setTimeout(() => this.#server.whenAwake(this.#silent), sessionTimeout)
  }
}
