import { SimDisk } from '@pluribus/commit-log/testing'
import { readMessage } from '../../src/codec.js'
import type { FolderLink, HandedMessage } from '../../src/folder.js'
import { LocalFolder } from '../../src/live/local-folder.js'
import {
  connect,
  environment,
  failure,
  HandClock,
  idOf,
  LEASE,
  message,
  randomOf,
  SUBSCRIPTION,
  spec,
  TOPIC,
  topicSpec,
} from '../kit.js'
import { Judge } from './judge.js'

/** What never came back. */
const STOPPED = Symbol('stopped')
const STEPS = 100
const LIMITS = { segmentBytes: 4_096, reserveBytes: 0 }

/** What a program does beside the plain. */
interface Character {
  readonly kind: 'fifo' | 'lifo' | 'priority'
  readonly hasKeys: boolean
  readonly hasDelays: boolean
  readonly revives: boolean
  /** What is handled goes soon. */
  readonly forgets: boolean
}

/** What was seen, so that a test can tell whether it has tried anything. */
export interface Tally {
  published: number
  handed: number
  settled: number
  crashes: number
  interrupted: number
  /** Segments that were removed. */
  removed: number
}

/** A random program on a disk that ends at any of its calls, the process or the power, also while the folder is being opened. */
export class Trial {
  readonly tally: Tally = { published: 0, handed: 0, settled: 0, crashes: 0, interrupted: 0, removed: 0 }
  readonly #random: () => number
  readonly #clock = new HandClock()
  readonly #judge = new Judge()
  readonly #character: Character
  readonly #keys = new Map<string, string | undefined>()
  #disk: SimDisk
  #link: FolderLink | undefined
  #source = 0
  #held: HandedMessage[] = []
  #messages = 0
  #lives = 0
  #isDeclared = false

  constructor(seed: number) {
    this.#random = randomOf(seed)
    this.#disk = new SimDisk(this.#random)
    const kinds = ['fifo', 'fifo', 'lifo', 'priority'] as const
    this.#character = {
      kind: kinds[this.#below(kinds.length)] as Character['kind'],
      hasKeys: this.#chance(0.4),
      hasDelays: this.#chance(0.4),
      revives: this.#chance(0.4),
      forgets: this.#chance(0.4),
    }
  }

  async run(): Promise<void> {
    for (let step = 0; step < STEPS; step++) {
      if (this.#chance(0.1)) this.#stopSoon()
      if (this.#link === undefined) await this.#attempt(() => this.#open())
      else await this.#attempt(() => this.#step())
    }
    this.#disk.fault = () => undefined
    // It may have stopped in a checkpoint, which nobody waits for.
    await this.#attempt(() => new Promise(resolve => setImmediate(resolve)))
    this.#disk.fault = () => undefined
    if (this.#link === undefined) await this.#attempt(() => this.#open())
    await this.#finish()
  }

  /** Whatever is under way when the disk stops is never answered. */
  async #attempt(action: () => Promise<void>): Promise<void> {
    const outcome = await Promise.race([action(), this.#disk.stopped.then(() => STOPPED)])
    if (outcome !== STOPPED) return
    this.tally.crashes++
    this.#link = undefined
    this.#held = []
    this.#judge.ended()
    this.#clock.pass(this.#below(300))
    this.#clock.ahead += this.#below(2_000) - 1_000
    this.#disk = this.#disk.restart(this.#chance(0.5) ? 'power' : 'process')
    if (this.#chance(0.2)) this.#stopSoon()
  }

  #stopSoon(): void {
    const last = this.#disk.calls + 1 + this.#below(this.#chance(0.3) ? 60 : 8)
    this.#disk.fault = ({ number }) => (number >= last ? 'stop' : undefined)
  }

  async #open(): Promise<void> {
    const options = { disk: this.#disk, environment: environment(this.#clock, this.#random), window: 60_000 }
    const folder = await LocalFolder.open({ ...options, limits: LIMITS, checkpointBytes: 1_500, cacheBytes: 2_000 })
    this.tally.removed = Math.max(this.tally.removed, this.#firstSegment() - 1)
    const link = await connect(folder, `life ${++this.#lives}`)
    const discipline = {
      kind: this.#character.kind,
      levels: this.#character.kind === 'priority' ? 3 : 1,
      atLeast: 'exact',
    } as const
    const known = (await link.topics()).length
    if (known === 0 && this.#isDeclared) throw new Error('The topic was declared, and is lost.')
    await link.declare([topicSpec(TOPIC, this.#character.forgets ? { bytes: 200 } : {})], [spec({ discipline })])
    this.#isDeclared = true
    this.#judge.history(await this.#history(link), !this.#character.forgets)
    this.#source = (await link.open(SUBSCRIPTION, { lease: LEASE, consumer: undefined })).source
    this.#link = link
  }

  async #history(link: FolderLink): Promise<string[]> {
    const ids: string[] = []
    for (let after = 0; ; ) {
      const page = await link.history(TOPIC, { after })
      if (page.length === 0) return ids
      for (const { position, bytes } of page) {
        const { id, payload, key } = readMessage(TOPIC, bytes)
        if (payload !== `payload of ${id}` || key !== this.#keys.get(id)) throw new Error(`Message ${id} was altered.`)
        ids.push(id)
        after = position
      }
    }
  }

  async #step(): Promise<void> {
    if (this.#character.forgets && this.#chance(0.1)) return this.#handleAll()
    const dice = this.#random()
    if (dice < 0.3) return this.#publish()
    if (dice < 0.5) return this.#pull()
    if (dice < 0.65) return this.#settle()
    if (dice < 0.8) return void (await Promise.all([this.#publish(), this.#settle(), this.#pull()]))
    if (dice < 0.86 && this.#character.revives) return this.#revive()
    if (dice < 0.9) return void (await this.#current.maintain())
    if (dice < 0.93) return this.#reopen()
    this.#clock.pass(this.#below(200))
  }

  /** Number of the oldest one that is there. */
  #firstSegment(): number {
    const names = this.#disk.paths.filter(path => path.startsWith('segments/') && path.endsWith('.log'))
    return Math.min(...names.map(path => Number.parseInt(path.slice('segments/'.length), 16)))
  }

  get #current(): FolderLink {
    if (this.#link === undefined) throw new Error('The folder is not open.')
    return this.#link
  }

  async #publish(): Promise<void> {
    const batch = Array.from({ length: 1 + this.#below(4) }, () => {
      const id = `m${++this.#messages}`
      const key = this.#character.hasKeys && this.#chance(0.7) ? `key ${this.#below(3)}` : undefined
      const delay = this.#character.hasDelays && this.#chance(0.3) ? 1 + this.#below(300) : 0
      this.#keys.set(id, key)
      this.#judge.publishing(id)
      return { id, bytes: message(id, { key, delay, priority: this.#below(3) }) }
    })
    this.tally.interrupted++
    const exceptions = await this.#current.publish(batch.map(({ bytes }) => bytes))
    this.tally.interrupted--
    if (exceptions.length > 0) throw new Error(`A publish failed: ${JSON.stringify(exceptions)}`)
    for (const { id } of batch) this.#judge.published(id)
    this.tally.published += batch.length
  }

  async #pull(): Promise<void> {
    const link = this.#current
    const { deliveries } = await link.pull(this.#source, 1 + this.#below(4))
    // The process has ended meanwhile, in something else: nobody was told.
    if (this.#link !== link) return
    for (const delivery of deliveries) this.#judge.handed(delivery)
    this.#held.push(...deliveries)
    this.tally.handed += deliveries.length
    const [suspect] = deliveries
    if (suspect !== undefined && suspect.losses >= 2) await link.mark(this.#source, suspect.token)
  }

  async #settle(): Promise<void> {
    const settled = this.#held.splice(0, this.#below(this.#held.length + 1))
    const acks: HandedMessage[] = []
    const others: { kind: 'retry' | 'release' | 'reject'; delivery: HandedMessage }[] = []
    for (const delivery of settled) {
      const known = this.#judge.of(idOf(delivery.bytes))
      const dice = this.#random()
      if (dice < 0.6) acks.push(delivery)
      else others.push({ kind: dice < 0.8 ? 'retry' : dice < 0.9 ? 'release' : 'reject', delivery })
      const kind = dice < 0.6 ? 'ack' : (others.at(-1)?.kind ?? 'ack')
      if (kind === 'ack') known.gone = 'maybe'
      if (kind === 'reject') known.dead = 'maybe'
      if (kind === 'retry') known.mayHaveFailed = 1
      // Given back or lost: nobody was told which.
      if (kind === 'release') known.isHeld = false
    }
    const stale = await this.#current.settle(this.#source, {
      acks: acks.map(({ token }) => token),
      others: others.map(({ kind, delivery: { token } }) => {
        if (kind === 'release') return { kind, token }
        if (kind === 'retry') return { kind, token, delay: this.#delay(), error: failure(1) }
        return { kind, token, reason: 'EXHAUSTED', attempts: 1, errors: [failure(1)] }
      }),
    })
    if (stale.length > 0) throw new Error('A settlement was stale, and nobody else has the message.')
    for (const { bytes } of acks) this.#judge.of(idOf(bytes)).gone = 'yes'
    for (const { kind, delivery } of others) this.#settled(kind, idOf(delivery.bytes))
    this.tally.settled += settled.length
  }

  #settled(kind: 'retry' | 'release' | 'reject', id: string): void {
    const known = this.#judge.of(id)
    known.isHeld = false
    if (kind === 'reject') known.dead = 'yes'
    if (kind !== 'retry') return
    known.failures++
    known.mayHaveFailed = 0
    known.losses = 0
  }

  #delay(): number {
    return this.#character.hasDelays && this.#chance(0.5) ? 1 + this.#below(200) : 0
  }

  /** Puts dead letters back, or deletes them. */
  async #revive(): Promise<void> {
    const dead = await this.#dead()
    const ids = dead.filter(() => this.#chance(0.5))
    if (ids.length === 0) return
    const isDiscard = this.#chance(0.3)
    for (const id of ids) {
      const known = this.#judge.of(id)
      known.dead = 'maybe'
      if (isDiscard) known.gone = 'maybe'
      else known.mayHaveFailed += known.failures
      if (!isDiscard) known.failures = 0
      known.losses = 0
    }
    if (isDiscard) await this.#current.discard({ subscription: SUBSCRIPTION, ids })
    else await this.#current.redrive({ subscription: SUBSCRIPTION, ids })
    for (const id of ids) {
      const known = this.#judge.of(id)
      known.dead = 'no'
      known.mayHaveFailed = 0
      if (isDiscard) known.gone = 'yes'
    }
  }

  async #dead(): Promise<string[]> {
    const ids: string[] = []
    for (let after = 0; ; ) {
      const page = await this.#current.deadLetters({ subscription: SUBSCRIPTION }, after)
      if (page.length === 0) return ids
      for (const entry of page) {
        ids.push(idOf(entry.message))
        after = entry.number
      }
    }
  }

  /** What is given back is not lost. */
  async #reopen(): Promise<void> {
    for (const { bytes } of this.#held) this.#judge.of(idOf(bytes)).isHeld = false
    this.#held = []
    await this.#current.closeSource(this.#source)
    this.#source = (await this.#current.open(SUBSCRIPTION, { lease: LEASE, consumer: undefined })).source
  }

  /** So that there is something to forget. */
  async #handleAll(): Promise<void> {
    await this.#publish()
    const link = this.#current
    for (;;) {
      const { deliveries } = await link.pull(this.#source, 8)
      if (this.#link !== link || deliveries.length === 0) break
      for (const delivery of deliveries) this.#judge.handed(delivery)
      this.tally.handed += deliveries.length
      for (const { bytes } of deliveries) this.#judge.of(idOf(bytes)).gone = 'maybe'
      await link.settle(this.#source, { acks: deliveries.map(({ token }) => token), others: [] })
      for (const { bytes } of deliveries) this.#judge.of(idOf(bytes)).gone = 'yes'
    }
    await link.maintain()
  }

  async #finish(): Promise<void> {
    this.#clock.pass(10_000)
    await this.#reopen()
    const drained: string[] = []
    for (;;) {
      const { deliveries } = await this.#current.pull(this.#source, 5)
      if (deliveries.length === 0) break
      for (const delivery of deliveries) this.#judge.handed(delivery)
      drained.push(...deliveries.map(({ bytes }) => idOf(bytes)))
      await this.#current.settle(this.#source, { acks: deliveries.map(({ token }) => token), others: [] })
    }
    this.#judge.drained(drained, await this.#dead())
    const { kind, hasKeys, hasDelays, revives } = this.#character
    if (hasDelays || revives) return
    if (hasKeys) this.#judge.keyInOrder(drained, id => this.#keys.get(id))
    else if (kind === 'fifo') this.#judge.inOrder(drained)
    else if (kind === 'lifo') this.#judge.inOrder([...drained].reverse())
  }

  #below(limit: number): number {
    return Math.floor(this.#random() * limit)
  }

  #chance(probability: number): boolean {
    return this.#random() < probability
  }
}
