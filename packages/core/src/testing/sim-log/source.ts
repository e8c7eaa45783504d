import { stale } from '../../driver/contract-errors.js'
import type { Environment, TimerHandle } from '../../driver/environment.js'
import type { SubscriptionSpec } from '../../driver/spec.js'
import type {
  Delivery,
  OpenOptions,
  Pulled,
  Settled,
  SettleException,
  Source,
  SourceEvents,
  Token,
} from '../../driver/subscriber.js'
import { NO_EXCEPTIONS } from '../../driver/subscriber.js'
import type { SimLink } from '../sim-log-server/sim-link.js'
import type { SimLogServer } from '../sim-log-server/sim-log-server.js'
import type { SimAssignment, SimBatch } from '../sim-log-server/sim-member.js'
import { carriedBy, decode } from './codec.js'
import { Committer } from './committer.js'
import { closed } from './errors.js'
import { Hand } from './hand.js'
import type { Item } from './item.js'
import { Lane } from './lane.js'
import { Membership, type MembershipOwner } from './membership.js'
import { deadChannel, groupOf, ownChannel } from './names.js'
import { OwnedPartition } from './owned-partition.js'
import { type Copy, Settling, type SettlingOwner } from './settling.js'

/** Positions from the floor on that may be in hand, whatever the window. */
const SMALLEST_SPAN = 64
const LARGEST_SPAN = 1_024
/** Places of what is read are above this, those of retries below: positions of publication. */
const FRESH = 2 ** 42
/** Who holds nothing and asks for nothing lets others have its partitions after so many milliseconds, or a lease. */
const LONGEST_SILENCE = 20_000
/** Before a takeover that could not be stored is tried again, in milliseconds. */
const PAUSE = 50

/** What a source is opened on, and for. */
export interface LogSourceInit {
  readonly server: SimLogServer
  readonly link: SimLink
  readonly environment: Environment
  readonly spec: SubscriptionSpec
  /** Where a partition that nobody has read begins. */
  readonly starts: readonly number[]
  readonly options: OpenOptions
  readonly events: SourceEvents
  /** Told once, when the source is over. */
  over(source: LogSource): void
}

/** One consumer: a member of the subscription's group, and everything that it has in hand. */
export class LogSource implements Source, MembershipOwner, SettlingOwner {
  readonly #init: LogSourceInit
  readonly #membership: Membership
  readonly #committer: Committer
  readonly #settling: Settling
  readonly #hand: Hand
  readonly #partitions = new Map<number, OwnedPartition<Item>>()
  readonly #span: number
  readonly #retries = new Set<TimerHandle>()
  #arrivals = 0
  #isBufferFull = false
  #heardAt: number
  #isOver = false

  constructor(init: LogSourceInit) {
    const { server, link, environment, spec, options, events } = init
    this.#init = init
    this.#span = Math.min(LARGEST_SPAN, Math.max(SMALLEST_SPAN, 2 * options.window))
    this.#heardAt = environment.clock.monotonic()
    this.#hand = new Hand({
      environment,
      discipline: spec.discipline,
      capacity: this.#span,
      lease: options.lease,
      wake: () => events.wake(),
      lost: tokens => events.lost(tokens),
    })
    const channels = [spec.topic, ownChannel(spec)]
    const { consumer } = options
    const identity = consumer && { id: `${environment.instance}/${consumer.id}`, generation: consumer.generation }
    const own = { server, link, environment, group: groupOf(spec), channels, owner: this }
    this.#membership = new Membership(identity === undefined ? own : { ...own, identity })
    this.#committer = new Committer(this.#membership)
    this.#settling = new Settling(this.#hand, this.#committer, this)
  }

  async open(): Promise<void> {
    await this.#membership.join()
  }

  async pull(max: number): Promise<Pulled> {
    this.#heard('pull')
    // We had let go, for want of anybody who asked.
    if (this.#membership.isIdle) await this.#membership.join()
    const pulled = this.#hand.take(max)
    this.#direct()
    return pulled
  }

  async mark(delivery: Delivery): Promise<void> {
    this.#heard('mark')
    const item = this.#hand.get(delivery.token)
    if (item === undefined) throw stale()
    if (this.#init.server.noteBytes === 0) return
    item.lane.ledger.mark(item.position)
    await this.#committer.store([item])
    if (this.#hand.get(delivery.token) === undefined) throw stale()
  }

  async settle(settled: Settled): Promise<readonly SettleException[]> {
    this.#heard('settle')
    const exceptions = await this.#settling.settle(settled)
    this.#direct()
    return exceptions
  }

  async renew(batch: readonly Delivery[]): Promise<readonly Token[]> {
    this.#heard('renew')
    const lost = batch.filter(({ token }) => !this.#hand.renew(token))
    return lost.length === 0 ? NO_EXCEPTIONS : lost.map(({ token }) => token)
  }

  async close(): Promise<void> {
    if (this.#isOver) return
    const { link } = this.#init
    const commits = link.isOver ? [] : this.#lastCommits([...this.#partitions.values()])
    const left = link.isOver ? undefined : this.#membership.leave(commits)
    this.stop()
    await left
  }

  /** Without a word to anybody. */
  stop(): void {
    if (this.#isOver) return
    this.#isOver = true
    this.#hand.stop()
    this.#membership.stop()
    for (const retry of this.#retries) this.#init.environment.timers.clearTimeout(retry)
    this.#init.over(this)
  }

  // What the membership tells.

  revoke(indexes: readonly number[]): void {
    const leaving = indexes.flatMap(index => this.#partitions.get(index) ?? [])
    const commits = this.#lastCommits(leaving)
    for (const partition of leaving) {
      partition.phase = 'leaving'
      this.#hand.suspend(partition)
    }
    this.#membership.release(indexes, commits).catch((error: unknown) => {
      this.#init.environment.logger.debug({ error }, 'A last commit was not confirmed; its messages come twice.')
    })
  }

  assign(assignments: readonly SimAssignment[]): void {
    const kept = new Set(assignments.filter(({ isKept }) => isKept).map(({ index }) => index))
    this.#forget([...this.#partitions.values()].filter(({ phase, index }) => phase === 'leaving' && !kept.has(index)))
    for (const assignment of assignments) {
      const partition = this.#partitions.get(assignment.index) ?? this.#create(assignment)
      this.#partitions.set(partition.index, partition)
      partition.phase = 'taking'
      this.#takeOver(partition)
    }
  }

  batch(batch: SimBatch): void {
    const partition = this.#partitions.get(batch.index)
    const lane = partition?.lanes.find(({ channel }) => channel === batch.channel)
    if (partition?.phase !== 'active' || lane === undefined) return
    lane.arrive(batch)
    this.#admit(partition, lane)
    this.#direct()
  }

  fenced(): void {
    this.#forget([...this.#partitions.values()])
  }

  ended(cause: unknown): void {
    if (this.#isOver) return
    this.stop()
    this.#init.events.ended(cause)
  }

  isWanted(): boolean {
    const { environment, options } = this.#init
    const silence = environment.clock.monotonic() - this.#heardAt
    if (this.#hand.size > 0 || silence < Math.max(LONGEST_SILENCE, options.lease)) return true
    const commits = this.#lastCommits([...this.#partitions.values()])
    this.#forget([...this.#partitions.values()])
    this.#membership.leave(commits).catch((error: unknown) => {
      environment.logger.debug({ error }, 'Leaving the group was not confirmed; the session will end.')
    })
    return false
  }

  // What settling asks.

  async append(copies: readonly Copy[]): Promise<void> {
    const { server, link, spec } = this.#init
    const channels = { own: ownChannel(spec), dead: deadChannel(spec) }
    await link.call('append', () => {
      for (const { to, index, record } of copies) server.append(channels[to], index, [record])
    })
  }

  settled(): void {
    for (const partition of this.#partitions.values()) this.#admitAll(partition)
  }

  /** On a link that is broken nothing succeeds any more, not even what would need no link: whoever asked is about to be told. */
  #heard(what: string): void {
    const { over } = this.#init.link
    if (over !== undefined) throw over
    if (this.#isOver) throw closed(what)
    this.#heardAt = this.#init.environment.clock.monotonic()
  }

  #create({ index, commits }: SimAssignment): OwnedPartition<Item> {
    const { server, environment, spec, starts } = this.#init
    const lanes = [spec.topic, ownChannel(spec)].map(channel => {
      const start = channel === spec.topic ? (starts[index] ?? 0) : 0
      const commit = commits.find(each => each.channel === channel) ?? { position: start, note: '' }
      const { noteBytes } = server
      return new Lane({ channel, index, instance: environment.instance, span: this.#span, noteBytes }, commit)
    })
    return new OwnedPartition<Item>(index, lanes)
  }

  /** Nothing is handed out before the server knows whose it is: otherwise the losses of our death would be counted by nobody. */
  #takeOver(partition: OwnedPartition<Item>): void {
    const lanes = partition.lanes.map(lane => ({ partition, lane }))
    this.#committer.store(lanes).then(
      () => {
        if (this.#isTaking(partition)) this.#activate(partition)
      },
      (error: unknown) => {
        if (!this.#isTaking(partition)) return
        this.#init.environment.logger.debug({ error }, 'A partition could not be taken over; it is tried again.')
        const retry = this.#init.environment.timers.setTimeout(() => {
          this.#retries.delete(retry)
          if (this.#isTaking(partition)) this.#takeOver(partition)
        }, PAUSE)
        this.#retries.add(retry)
      },
    )
  }

  #isTaking(partition: OwnedPartition<Item>): boolean {
    return !this.#isOver && partition.phase === 'taking' && this.#partitions.get(partition.index) === partition
  }

  #activate(partition: OwnedPartition<Item>): void {
    partition.phase = 'active'
    this.#hand.resume(partition)
    for (const lane of partition.lanes) {
      lane.reopened()
      this.#membership.read(lane.channel, lane.index, lane.next)
    }
    this.#admitAll(partition)
    this.#direct()
  }

  #admitAll(partition: OwnedPartition<Item>): void {
    if (partition.phase === 'active') for (const lane of partition.lanes) this.#admit(partition, lane)
  }

  #admit(partition: OwnedPartition<Item>, lane: Lane): void {
    for (let admitted = lane.admit(); admitted !== undefined; admitted = lane.admit()) {
      const { record, ordinal, age } = admitted
      const { topic } = this.#init.spec
      const message = decode(record, topic, partition.index)
      const carried = lane.channel === topic ? undefined : carriedBy(record)
      const { origin = record.position, failures = 0, errors = [], delay = 0 } = carried ?? {}
      const place = failures > 0 ? Math.min(origin, FRESH - 1) : FRESH + this.#arrivals++
      const { position } = record
      const { priority } = message
      const own = { message, priority, partition, lane, position, ordinal, place, origin, failures, errors }
      this.#hand.arrive({ ...own, isCopied: false }, delay - age)
    }
  }

  /** Something has changed: core is woken for what there is, and the server told what to go on sending. */
  #direct(): void {
    this.#hand.rouse()
    const flow = this.#hand.flow()
    if (flow !== undefined) this.#isBufferFull = flow === 'pause'
    for (const { phase, lanes } of this.#partitions.values()) {
      if (phase !== 'active') continue
      for (const lane of lanes) {
        const changed = lane.flow(this.#isBufferFull)
        if (changed !== undefined) this.#membership.flow(lane.channel, lane.index, changed === 'pause')
      }
    }
  }

  #lastCommits(partitions: readonly OwnedPartition<Item>[]) {
    const ours = partitions.filter(({ phase }) => phase === 'active')
    return ours.flatMap(({ lanes }) => lanes.map(lane => lane.commit(true).commit))
  }

  /** These are somebody else's now. */
  #forget(partitions: readonly OwnedPartition<Item>[]): void {
    if (partitions.length === 0) return
    for (const { index } of partitions) this.#partitions.delete(index)
    const tokens = this.#hand.forget(new Set(partitions))
    if (tokens.length > 0) this.#init.events.lost(tokens)
  }
}
