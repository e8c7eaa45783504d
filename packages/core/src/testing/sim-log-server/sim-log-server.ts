import type { Clock, Timers } from '../../driver/environment.js'
import { seededRandom } from '../seeded-random.js'
import type { GroupServer } from './group-server.js'
import { SimChannel, type SimChannelSpec } from './sim-channel.js'
import { SimFaults, type SimLogFaults } from './sim-faults.js'
import { SimGroup } from './sim-group.js'
import { type LinkServer, type LinkTime, SimLink } from './sim-link.js'
import { SimLogError } from './sim-log-error.js'
import type { SimPartition, SimRead, SimRecord, StoredSimRecord } from './sim-partition.js'

/**
 * How a simulated log broker behaves.
 *
 * @example
 * ```ts
 * import { type SimLogServerOptions, VirtualClock } from '@pluribus/core/testing'
 *
 * const options: SimLogServerOptions = { clock: new VirtualClock(), seed: 7, faults: { lostReplies: 0.01 } }
 * ```
 */
export interface SimLogServerOptions {
  /** The clock of everybody who connects. */
  readonly clock: Clock & { readonly timers: Timers }
  /** Of everything that is random here. Default: 1. */
  readonly seed?: number
  /** Milliseconds that anything takes in one direction, drawn evenly. Default: 1 to 3. */
  readonly latency?: { readonly min: number; readonly max: number }
  /** How long a member of a group may be silent, in milliseconds. Default: 10,000. */
  readonly sessionTimeout?: number
  /** Whether a rebalance takes every partition from everybody, or only what moves. Default: `cooperative`. */
  readonly rebalancing?: 'eager' | 'cooperative'
  /** Characters that are stored beside a committed position. 0: no room at all. Default: 4,096. */
  readonly noteBytes?: number
  /** The chance that an append leaves a position behind it that no reader sees, from 0 to 1. Default: 0. */
  readonly markers?: number
  /** What goes wrong by itself. Default: nothing. */
  readonly faults?: SimLogFaults
  /** Asked before anything is appended. Where it throws, the disk has failed: nothing is stored, and the client is told. */
  readonly beforeAppend?: (channel: string) => void
}

/**
 * A log broker that exists in virtual time: channels with partitions, groups with rebalances and committed positions, gaps
 * in the positions, sessions, latency, lost replies and crashes, all by one seed. It knows nothing of Pluribus; what it lacks is
 * what such brokers lack: no lease, no delay, no de-duplication, no order but that of a partition. Brokers that share one
 * see the same messages, as processes do that share a server. What it has acknowledged survives its crash.
 *
 * @example
 * ```ts
 * import { createBroker } from '@pluribus/core'
 * import { SimLogServer, simLog, VirtualClock } from '@pluribus/core/testing'
 *
 * const clock = new VirtualClock()
 * const server = new SimLogServer({ clock, seed: 42 })
 * const broker = await clock.run(createBroker({ adapter: simLog({ server }), environment: clock.environment() }))
 * server.crash()
 * await clock.advance(3_000)
 * server.restart()
 * await clock.run(broker.close())
 * ```
 */
export class SimLogServer implements LinkServer, GroupServer {
  readonly time: LinkTime
  readonly sessionTimeout: number
  readonly rebalancing: 'eager' | 'cooperative'
  readonly noteBytes: number
  readonly #random: () => number
  readonly #latency: { readonly min: number; readonly max: number }
  readonly #markers: number
  readonly #faults: SimFaults
  readonly #beforeAppend: ((channel: string) => void) | undefined
  readonly #channels = new Map<string, SimChannel>()
  readonly #groups = new Map<string, SimGroup>()
  readonly #links = new Set<SimLink>()
  #linked = 0
  #isUp = true
  /** What has arrived while it stands still. */
  #asleep: (() => void)[] | undefined

  constructor(options: SimLogServerOptions) {
    const { clock, seed = 1, latency = { min: 1, max: 3 }, sessionTimeout = 10_000 } = options
    this.time = { clock, timers: clock.timers }
    this.sessionTimeout = sessionTimeout
    this.rebalancing = options.rebalancing ?? 'cooperative'
    this.noteBytes = options.noteBytes ?? 4_096
    this.#random = seededRandom(seed)
    this.#latency = latency
    this.#markers = options.markers ?? 0
    this.#faults = new SimFaults(options.faults ?? {}, this.#random)
    this.#beforeAppend = options.beforeAppend
  }

  get isUp(): boolean {
    return this.#isUp
  }

  /** Goes down without goodbye: every link breaks, every group forgets its members. What is stored stays. */
  crash(): void {
    this.#isUp = false
    this.#asleep = undefined
    for (const group of this.#groups.values()) group.disband()
    for (const link of [...this.#links]) link.break('the server crashed')
  }

  /** Listens again. */
  restart(): void {
    this.#isUp = true
  }

  /** Stands still, as a process that is stopped: links stay, and nobody is answered. */
  freeze(): void {
    if (this.#isUp) this.#asleep ??= []
  }

  /** Goes on, with what has arrived meanwhile. */
  resume(): void {
    const arrived = this.#asleep ?? []
    this.#asleep = undefined
    for (const run of arrived) run()
  }

  /** Deletes everything that is stored, while it is down. */
  wipe(): void {
    if (this.#isUp) throw new TypeError('A server that is up is not wiped: crash() first.')
    this.#channels.clear()
    this.#groups.clear()
  }

  /** Breaks the links of everybody; the server lives, and members are missed when their sessions end. */
  disconnect(): void {
    for (const link of [...this.#links]) link.break('the network failed')
  }

  /** Deals out the partitions of every group anew. */
  disturb(): void {
    for (const group of this.#groups.values()) if (group.members.length > 0) group.disturb()
  }

  /** The next replies to calls of this kind (`append`, `commit`, `join`, …) are lost: the calls are executed. */
  loseReplies(operation: string, times = 1): void {
    this.#faults.loseReplies(operation, times)
  }

  /** Nothing goes wrong by itself any more. */
  calm(): void {
    this.#faults.calm()
  }

  /** Makes holes in a channel. */
  compact(channel: string, matches: (record: StoredSimRecord) => boolean): void {
    for (const partition of this.channel(channel).partitions) partition.remove(matches)
  }

  /** The channels there are, for tests to look at. */
  get channels(): ReadonlyMap<string, SimChannel> {
    return this.#channels
  }

  /** The groups there are, for tests to look at. */
  get groups(): ReadonlyMap<string, SimGroup> {
    return this.#groups
  }

  /** One attempt to connect, from a client that lives in this environment. */
  connect(client: LinkTime, lost: (cause: SimLogError) => void): Promise<SimLink> {
    const link = new SimLink(++this.#linked, this, client, lost)
    this.#links.add(link)
    if (this.#isUp) return link.call('connect', () => link)
    this.#links.delete(link)
    return new Promise((_, reject) => {
      client.timers.setTimeout(() => {
        reject(new SimLogError('REFUSED', 'The simulated log broker is down.'))
      }, this.latency())
    })
  }

  /** Creates what is missing; what is there keeps its partitions, and takes over how long it keeps what is in it. */
  create(specs: readonly SimChannelSpec[]): void {
    for (const spec of specs) {
      const channel = this.#channels.get(spec.name)
      if (channel === undefined) this.#channels.set(spec.name, new SimChannel(spec))
      else channel.spec = { ...spec, partitions: channel.spec.partitions }
    }
  }

  delete(channels: readonly string[]): void {
    for (const name of channels) this.#channels.delete(name)
  }

  channel(name: string): SimChannel {
    const channel = this.#channels.get(name)
    if (channel === undefined) throw new SimLogError('NOT_FOUND', `There is no channel "${name}".`)
    channel.expire(this.time.clock.now())
    return channel
  }

  find(channel: string, index: number): SimPartition | undefined {
    const found = this.#channels.get(channel)
    found?.expire(this.time.clock.now())
    return found?.partitions[index]
  }

  /** Answers the position of the last one. */
  append(name: string, index: number, records: readonly SimRecord[]): number {
    const partition = this.#partition(name, index)
    this.#askDisk(name)
    const now = this.time.clock.now()
    let last = partition.end - 1
    for (const record of records) last = partition.append(record, now)
    if (this.#markers > 0 && this.#random() < this.#markers) partition.appendMarker()
    for (const group of this.#groups.values()) if (group.channels.includes(name)) group.appended(name, index)
    return last
  }

  read(name: string, index: number, from: number, most: number): SimRead {
    return this.#partition(name, index).read(from, most)
  }

  /** Positions by partition. */
  ends(name: string): readonly { readonly begin: number; readonly end: number }[] {
    return this.channel(name).partitions.map(({ begin, end }) => ({ begin, end }))
  }

  /** The first positions appended at or after a time, by partition. */
  positionsAt(name: string, time: number): readonly number[] {
    return this.channel(name).partitions.map(partition => partition.positionAt(time))
  }

  trim(name: string, index: number, before: number): void {
    this.#partition(name, index).trim(before)
  }

  /** The group, made where it is not there yet. */
  group(name: string, channels: readonly string[]): SimGroup {
    const known = this.#groups.get(name)
    if (known !== undefined) return known
    const partitions = Math.min(...channels.map(channel => this.channel(channel).partitions.length))
    const group = new SimGroup(this, channels, partitions)
    this.#groups.set(name, group)
    return group
  }

  /** Deletes a group with what it has committed; its members are told. */
  deleteGroup(name: string): void {
    this.#groups.get(name)?.disband(new SimLogError('NOT_FOUND', `The group "${name}" was deleted.`))
    this.#groups.delete(name)
  }

  latency(): number {
    const { min, max } = this.#latency
    return min + Math.floor(this.#random() * (max - min + 1))
  }

  fateOf(operation: string): 'request lost' | 'reply lost' | undefined {
    return this.#faults.fateOf(operation)
  }

  unrest(): number | undefined {
    return this.#faults.unrest()
  }

  whenAwake(run: () => void): void {
    if (this.#asleep === undefined) run()
    else this.#asleep.push(run)
  }

  forget(link: SimLink): void {
    this.#links.delete(link)
    for (const group of this.#groups.values()) group.forget(link)
  }

  #askDisk(channel: string): void {
    try {
      this.#beforeAppend?.(channel)
    } catch (error) {
      throw new SimLogError('STORAGE', `Nothing was appended to "${channel}": ${String(error)}.`)
    }
  }

  #partition(name: string, index: number): SimPartition {
    const partition = this.channel(name).partitions[index]
    if (partition === undefined) throw new SimLogError('NOT_FOUND', `"${name}" has no partition ${index}.`)
    return partition
  }
}
