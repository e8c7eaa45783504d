import {
  appendErrors,
  type RejectSettlement,
  type RetrySettlement,
  replaced,
  SUSPECT_AFTER,
  stale,
} from '@pluribus/core/driver'
import { type Holder, Sleeper } from '@pluribus/queue'
import { closed } from '../errors.js'
import type { Handed, HandedMessage, Settling } from '../folder.js'
import { type Death, type Retried, write } from '../format/records.js'
import type { Ledger } from './ledger.js'
import type { LiveSubscription, OpenSource } from './live-subscription.js'
import type { RecordReader } from './record-reader.js'
import { partOf } from './settlement-parts.js'

const NOTHING: Handed = Object.freeze({ deliveries: Object.freeze([]), dueIn: undefined, more: false })

/** What a source is opened on, and for. */
export interface LiveSourceInit {
  readonly subscription: LiveSubscription
  readonly ledger: Ledger
  readonly reader: RecordReader
  /** The broker object, and its number. */
  readonly instance: string
  readonly instanceNumber: number
  readonly holder: Holder | undefined
  /** Milliseconds. */
  readonly lease: number
  wake(): void
  ended(cause: unknown): void
}

/** What one claim has taken. */
interface Claim {
  readonly positions: readonly number[]
  readonly tokens: readonly number[]
  readonly handed: readonly Omit<HandedMessage, 'bytes'>[]
}

/**
 * One consumer: a session of the subscription's queue. What is decided is decided in the turn in which it is asked for; the answer
 * waits for the disk.
 */
export class LiveSource implements OpenSource {
  readonly sleeper: Sleeper
  readonly session: number
  readonly transferred: number
  readonly #init: LiveSourceInit
  /** What came over and was not handed out again yet: it is on record as this instance's already. */
  readonly #inherited = new Set<number>()
  #isOver = false
  /** What it held is another's: its tokens are stale, and it gets no others. */
  #isReplaced = false

  /** @throws PluribusError `STALE` where a later source of the consumer is open. */
  constructor(init: LiveSourceInit) {
    this.#init = init
    this.sleeper = new Sleeper(() => init.wake())
    const { subscription, ledger, holder } = init
    if (subscription.succession.isLate(holder)) throw replaced('open')
    this.session = subscription.queue.open(init.instanceNumber, init.lease)
    this.transferred = subscription.attach(this, ledger.clock.now())
    for (const position of subscription.queue.leasedTo(this.session)) this.#inherited.add(position)
  }

  /** Whether it has something, that no other source has taken over and whose lease has not ended. */
  get isHolding(): boolean {
    return this.#init.subscription.queue.isHolding(this.session)
  }

  get holder(): Holder | undefined {
    return this.#init.holder
  }

  async pull(max: number): Promise<Handed> {
    const { subscription, ledger } = this.#init
    if (!ledger.hasRoom) await ledger.room()
    this.#check('pull')
    const { queue } = subscription
    const now = ledger.clock.now()
    const count = queue.claim(this.session, max, now)
    const claim = this.#claimed(count)
    // A suspect stops the claim before it. Who runs one does so alone, and pulls again afterwards: a wake-up that was meant
    // for somebody idle must not go there.
    const isAlone = count === 1 && (queue.claimed.losses[0] as number) >= SUSPECT_AFTER
    const more = isAlone || (count > 0 && count < max && queue.hasReady(now, this.session))
    const due = queue.nextDue()
    subscription.demand.sleep(this.sleeper, more ? 0 : max - count, due)
    // Who leaves something hands the wake-up on: it was filled, or stopped, or had no room after all. And what is leased
    // now may come back before the others expect anything.
    if (count > 0 || max < 1) subscription.stir(1, now)
    const dueIn = () => (due === Number.POSITIVE_INFINITY ? undefined : Math.max(0, due - ledger.clock.now()))
    if (count === 0) return due === Number.POSITIVE_INFINITY ? NOTHING : { deliveries: [], dueIn: dueIn(), more: false }
    const deliveries = await this.#handOut(claim)
    return { deliveries, dueIn: dueIn(), more }
  }

  async mark(token: number): Promise<void> {
    this.#check('mark')
    const { subscription, ledger } = this.#init
    const { queue, model } = subscription
    const position = queue.positionOf(token)
    if (position < 0) throw stale()
    const records = [write.marked({ subscription: model.number, position })]
    const isMarked = await ledger.commit(records, () => {
      if (!queue.mark(token)) return false
      model.mark(position)
      return true
    })
    if (!isMarked) throw stale()
  }

  /** Answers the tokens that are stale. */
  async settle({ acks, others }: Settling): Promise<readonly number[]> {
    const { ledger } = this.#init
    const stale: number[] = []
    let next = 0
    do {
      if (!ledger.hasRoom) await ledger.room()
      this.#check('settle')
      const part = { acks: next === 0 ? acks : [], others: partOf(others, next) }
      next += part.others.length
      await this.#settlePart(part, stale)
    } while (next < others.length)
    return stale
  }

  async renew(tokens: readonly number[]): Promise<readonly number[]> {
    this.#check('renew')
    const { subscription, ledger } = this.#init
    const now = ledger.clock.now()
    return tokens.filter(token => !subscription.queue.renew(token, now))
  }

  /** Gives back what it holds. */
  async close(): Promise<void> {
    const { subscription, ledger } = this.#init
    if (!ledger.hasRoom) await ledger.room()
    if (this.#isOver) return
    const released = this.#isReplaced ? [] : [...subscription.queue.leasedTo(this.session)]
    subscription.succession.leave(this)
    this.#leave()
    await this.#store({ acked: [], released, retried: [] }, [])
  }

  /** Its connection is closed, and it was not: what it holds stays leased. */
  abandon(): void {
    if (this.#isOver) return
    if (!this.#isReplaced) this.#init.subscription.succession.abandon(this)
    this.#leave()
  }

  end(cause: unknown): void {
    this.#leave()
    this.#init.ended(cause)
  }

  replace(): void {
    if (this.#isOver) return
    this.#isReplaced = true
    this.#detach()
    this.#init.ended(replaced('source'))
  }

  /** Decides at once; answers when it is stored. */
  #settlePart({ acks, others }: Settling, stale: number[]): Promise<void> {
    const { subscription, ledger } = this.#init
    const { queue } = subscription
    const now = ledger.clock.now()
    const settled = { acked: [] as number[], released: [] as number[], retried: [] as Retried[] }
    const deaths: Death[] = []
    for (const token of acks) {
      const position = queue.positionOf(token)
      if (queue.ack(token)) settled.acked.push(position)
      else stale.push(token)
    }
    for (const other of others) {
      const token = other.token as number
      const position = queue.positionOf(token)
      if (position < 0) stale.push(token)
      else if (other.kind === 'reject') deaths.push(this.#reject(token, position, other))
      else if (other.kind === 'retry') settled.retried.push(this.#retry(token, position, other, now))
      else if (queue.release(token)) settled.released.push(position)
    }
    const stored = this.#store(settled, deaths)
    // What is settled frees its key, or comes back: one message each at most.
    if (subscription.demand.asleep > 0) subscription.stir(acks.length + others.length, now)
    return stored
  }

  #check(what: string): void {
    if (this.#isOver) throw closed(what)
    if (this.#isReplaced && what === 'pull') throw replaced(what)
  }

  #leave(): void {
    this.#isOver = true
    this.#detach()
  }

  #detach(): void {
    const { subscription, ledger } = this.#init
    subscription.detach(this, ledger.clock.now())
  }

  #claimed(count: number): Claim {
    const { position, token, failures, losses, marks } = this.#init.subscription.queue.claimed
    const at = (numbers: ArrayLike<number>, index: number) => numbers[index] as number
    const handed = Array.from({ length: count }, (_, index) => ({
      token: at(token, index),
      failures: at(failures, index),
      losses: at(losses, index),
      marks: at(marks, index),
    }))
    return { positions: [...position.subarray(0, count)], tokens: [...token.subarray(0, count)], handed }
  }

  /**
   * Nothing is handed out before it is on the device who has it: a message that takes its process with it must be noticed by
   * the next one.
   */
  async #handOut({ positions, tokens, handed }: Claim): Promise<readonly HandedMessage[]> {
    const { subscription, reader } = this.#init
    const [bytes] = await Promise.all([reader.messages(subscription.topic, positions), this.#record(positions)]).catch(
      error => {
        this.#giveBack(tokens)
        throw error
      },
    )
    this.#check('pull')
    return handed.map((delivery, index) => ({ ...delivery, bytes: bytes[index] as Buffer }))
  }

  /** Puts on record that this instance has them, but for those that it had already. */
  async #record(all: readonly number[]): Promise<void> {
    const { subscription, ledger, instance } = this.#init
    const positions = this.#inherited.size === 0 ? all : all.filter(position => !this.#inherited.delete(position))
    if (positions.length === 0) return
    const taken = { subscription: subscription.model.number, clock: ledger.clock.now(), instance, positions }
    await ledger.commit([write.taken(taken)], () => ledger.model.take(taken))
  }

  /** What was claimed cannot be handed out after all. */
  #giveBack(tokens: readonly number[]): void {
    const { queue } = this.#init.subscription
    const released = tokens.flatMap(token => {
      const position = queue.positionOf(token)
      return queue.release(token) ? [position] : []
    })
    // Where this fails too, the folder is read anew, and what was taken is not leased any more.
    this.#store({ acked: [], released, retried: [] }, []).catch(() => {})
  }

  #retry(token: number, position: number, { delay, error }: RetrySettlement, now: number): Retried {
    const due = delay > 0 ? now + delay : 0
    this.#init.subscription.queue.retry(token, due)
    return { position, due, error }
  }

  #reject(token: number, position: number, { reason, attempts, errors }: RejectSettlement): Death {
    const { subscription, ledger } = this.#init
    const { losses = 0, errors: earlier = [] } = subscription.model.troubles.get(position) ?? {}
    subscription.queue.reject(token)
    const { number } = subscription.model
    const time = ledger.clock.wall()
    return { subscription: number, position, time, attempts, losses, reason, errors: appendErrors(earlier, errors) }
  }

  async #store(
    settled: {
      readonly acked: readonly number[]
      readonly released: readonly number[]
      readonly retried: readonly Retried[]
    },
    deaths: readonly Death[],
  ): Promise<void> {
    const { subscription, ledger, reader } = this.#init
    const { acked, released, retried } = settled
    const { model, topic } = subscription
    const isEmpty = acked.length + released.length + retried.length === 0
    const record = { subscription: model.number, clock: ledger.clock.now(), ...settled }
    const records = [...(isEmpty ? [] : [write.settled(record)]), ...deaths.map(write.dead)]
    if (records.length === 0) return
    await ledger.confirm(records, first => {
      if (!isEmpty) ledger.model.settle(record)
      for (let index = 0; index < deaths.length; index++) {
        ledger.model.die(first + (isEmpty ? 0 : 1) + index, deaths[index] as Death)
      }
      for (const position of acked) {
        if (topic.pending.count(position) < 1) reader.forget(topic.index.sequenceOf(position))
      }
    })
  }
}
