import type { Environment, TimerHandle } from '../../driver/environment.js'
import { partitionOf } from '../../driver/log/partition-of.js'
import type { SimLink } from '../sim-log-server/sim-link.js'
import type { SimLogServer } from '../sim-log-server/sim-log-server.js'
import type { SimAssignment, SimBatch } from '../sim-log-server/sim-member.js'
import type { StoredSimRecord } from '../sim-log-server/sim-partition.js'
import { BUCKETS } from './delay-buckets.js'
import { endOf, onward } from './delayed-record.js'
import { Membership, type MembershipOwner } from './membership.js'
import { DELAY } from './names.js'

/** Records of a bucket that wait here before the server is told to pause. */
const MOST = 256
/** How often it is looked whether there is anything to forward, until there is, in milliseconds. */
const LOOK = 5_000
/** After a failure, in milliseconds. */
const PAUSE = 50

interface Bucket {
  readonly index: number
  readonly waiting: { readonly record: StoredSimRecord; readonly dueAt: number }[]
  timer: TimerHandle | undefined
  isForwarding: boolean
  /** Up to where it has been forwarded, and that is not stored yet. */
  forwarded: number | undefined
  isPaused: boolean
}

/**
 * Delayed messages, on a broker that knows no delay: they pass through buckets, each of which keeps everything equally long, and
 * then into their topic. Whoever is connected takes part: the buckets are the partitions of one channel, with one owner each.
 * Copy confirmed first, position committed second.
 */
export class DelayForwarder implements MembershipOwner {
  readonly #server: SimLogServer
  readonly #link: SimLink
  readonly #environment: Environment
  readonly #membership: Membership
  readonly #buckets = new Map<number, Bucket>()
  #joining: Promise<void> | undefined
  #isOver = false

  constructor(server: SimLogServer, link: SimLink, environment: Environment) {
    this.#server = server
    this.#link = link
    this.#environment = environment
    this.#membership = new Membership({ server, link, environment, group: DELAY, channels: [DELAY], owner: this })
  }

  /** Takes part as soon as there is anything; answers in how many milliseconds to look again. */
  async look(): Promise<number> {
    const isNeeded = await this.#link.call('look', () => this.#server.channels.has(DELAY))
    if (isNeeded) await this.start()
    return LOOK
  }

  /** There is, or will be in a moment. */
  async start(): Promise<void> {
    if (this.#isOver) return
    this.#joining ??= this.#link
      .call('create', () => this.#server.create([{ name: DELAY, partitions: BUCKETS }]))
      .then(() => this.#membership.join())
      .catch((error: unknown) => {
        this.#joining = undefined
        throw error
      })
    await this.#joining
  }

  async close(): Promise<void> {
    const isMember = this.#joining !== undefined && !this.#isOver && !this.#link.isOver
    const left = isMember ? this.#membership.leave([]) : undefined
    this.stop()
    await left
  }

  stop(): void {
    this.#isOver = true
    this.fenced()
    this.#membership.stop()
  }

  revoke(indexes: readonly number[]): void {
    for (const index of indexes) this.#drop(index)
    this.#membership.release(indexes, []).catch((error: unknown) => this.#warn(error))
  }

  assign(assignments: readonly SimAssignment[]): void {
    for (const { index, commits } of assignments) {
      this.#buckets.set(index, {
        index,
        waiting: [],
        timer: undefined,
        isForwarding: false,
        forwarded: undefined,
        isPaused: false,
      })
      this.#membership.read(DELAY, index, commits[0]?.position ?? 0)
    }
  }

  batch({ index, records, time }: SimBatch): void {
    const bucket = this.#buckets.get(index)
    if (bucket === undefined) return
    const now = this.#environment.clock.monotonic()
    for (const record of records) bucket.waiting.push({ record, dueAt: now + endOf(record) - time })
    this.#schedule(bucket)
  }

  fenced(): void {
    for (const index of [...this.#buckets.keys()]) this.#drop(index)
  }

  ended(): void {
    this.stop()
  }

  isWanted(): boolean {
    return true
  }

  #drop(index: number): void {
    const bucket = this.#buckets.get(index)
    this.#buckets.delete(index)
    if (bucket?.timer !== undefined) this.#environment.timers.clearTimeout(bucket.timer)
  }

  #isOurs(bucket: Bucket): boolean {
    return this.#buckets.get(bucket.index) === bucket
  }

  #schedule(bucket: Bucket, pause = 0): void {
    this.#direct(bucket)
    if (bucket.timer !== undefined || bucket.isForwarding) return
    const next = bucket.forwarded === undefined ? bucket.waiting[0]?.dueAt : 0
    if (next === undefined) return
    const ms = Math.max(pause, next - this.#environment.clock.monotonic())
    bucket.timer = this.#environment.timers.setTimeout(() => {
      bucket.timer = undefined
      this.#forward(bucket).catch((error: unknown) => this.#warn(error))
    }, ms)
  }

  async #forward(bucket: Bucket): Promise<void> {
    bucket.isForwarding = true
    let pause = 0
    try {
      await this.#copyDue(bucket)
      await this.#store(bucket)
    } catch (error) {
      pause = PAUSE
      this.#warn(error)
    } finally {
      bucket.isForwarding = false
      if (this.#isOurs(bucket)) this.#schedule(bucket, pause)
    }
  }

  async #copyDue(bucket: Bucket): Promise<void> {
    const now = this.#environment.clock.monotonic()
    const later = bucket.waiting.findIndex(({ dueAt }) => dueAt > now)
    const due = later < 0 ? [...bucket.waiting] : bucket.waiting.slice(0, later)
    const last = due.at(-1)
    if (last === undefined) return
    await this.#link.call('append', () => {
      for (const { record } of due) this.#append(record)
    })
    bucket.waiting.splice(0, due.length)
    bucket.forwarded = last.record.position + 1
  }

  async #store(bucket: Bucket): Promise<void> {
    const { index, forwarded } = bucket
    if (forwarded === undefined || !this.#isOurs(bucket)) return
    await this.#membership.commit([{ channel: DELAY, index, position: forwarded, note: '' }])
    bucket.forwarded = undefined
  }

  /** On the server. A topic that is gone takes what was meant for it along. */
  #append(stored: StoredSimRecord): void {
    const next = onward(stored)
    if (next.to === 'bucket') return void this.#server.append(DELAY, next.bucket, [next.record])
    const partitions = this.#server.channels.get(next.topic)?.partitions.length
    if (partitions !== undefined) {
      this.#server.append(next.topic, partitionOf(next.key, partitions), [next.record])
    }
  }

  #direct(bucket: Bucket): void {
    const isPaused = bucket.isPaused ? bucket.waiting.length > MOST / 2 : bucket.waiting.length >= MOST
    if (isPaused === bucket.isPaused) return
    bucket.isPaused = isPaused
    this.#membership.flow(DELAY, bucket.index, isPaused)
  }

  #warn(error: unknown): void {
    this.#environment.logger.debug({ error }, 'Delayed messages could not be forwarded just now; it is tried again.')
  }
}
