import { type ConsumerGeneration, replaced, stale } from '@pluribus/core/driver'
import type { Consumer } from '@pluribus/queue'
import { closed } from '../errors.js'
import type { Handed, HandedMessage, Settling } from '../folder.js'
import { write } from '../format/records.js'
import { Endings } from './endings.js'
import type { Ledger } from './ledger.js'
import type { LiveSubscription } from './live-subscription.js'
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
  readonly consumer: ConsumerGeneration | undefined
  /** Milliseconds. */
  readonly lease: number
  wake(): void
  ended(cause: unknown): void
}

/** What one claim has taken. */
interface Taken {
  readonly positions: readonly number[]
  /** The message of one whose bytes are not in memory is still to be read. */
  readonly handed: readonly (Omit<HandedMessage, 'bytes'> & { bytes: Buffer | undefined })[]
}

/**
 * One consumer: a session of the subscription's queue. What is decided is decided in the turn in which it is asked for; the answer
 * waits for the disk.
 */
export class LiveSource {
  readonly transferred: number
  readonly #init: LiveSourceInit
  readonly #consumer: Consumer
  readonly #endings: Endings
  /** What came over and was not handed out again yet: it is on record as this instance's already. */
  readonly #inherited: Set<number>

  /** @throws PluribusError `STALE` where a later source of the consumer is open. */
  constructor(init: LiveSourceInit) {
    this.#init = init
    const { subscription, ledger, instanceNumber: instance, consumer: holder, lease } = init
    const { consumers, queue } = subscription
    if (consumers.isLate(instance, holder)) throw replaced('open')
    const told = {
      wake: () => init.wake(),
      replaced: () => init.ended(replaced('source')),
      ended: (cause: unknown) => init.ended(cause),
    }
    this.#consumer = consumers.open({ instance, holder, lease, ...told }, ledger.clock.now())
    this.#endings = new Endings(init)
    this.transferred = this.#consumer.transferred
    this.#inherited = new Set(queue.leasedTo(this.#consumer.session))
  }

  /** Whether it has something, that no other source has taken over and whose lease has not ended. */
  get isHolding(): boolean {
    return this.#init.subscription.queue.isHolding(this.#consumer.session)
  }

  async pull(max: number): Promise<Handed> {
    const { subscription, ledger } = this.#init
    if (!ledger.hasRoom) await ledger.room()
    this.#check('pull')
    const { consumers } = subscription
    const now = ledger.clock.now()
    const claim = consumers.claim(this.#consumer, max, now)
    const { count, more, due } = claim
    const taken = this.#taken(count)
    consumers.handOn(claim, max, now)
    const dueIn = () => (due === Number.POSITIVE_INFINITY ? undefined : Math.max(0, due - ledger.clock.now()))
    if (count === 0) return due === Number.POSITIVE_INFINITY ? NOTHING : { deliveries: [], dueIn: dueIn(), more: false }
    const deliveries = await this.#handOut(taken)
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
      await this.#endings.settle(part, stale)
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
    const { isOver, isReplaced, session } = this.#consumer
    if (isOver) return
    const released = isReplaced ? [] : [...subscription.queue.leasedTo(session)]
    this.#consumer.close(ledger.clock.now())
    await this.#endings.released(released)
  }

  /** Its connection is closed, and it was not: what it holds stays leased. */
  abandon(): void {
    this.#consumer.abandon(this.#init.ledger.clock.now())
  }

  #check(what: string): void {
    const { isOver, isReplaced } = this.#consumer
    if (isOver) throw closed(what)
    if (isReplaced && what === 'pull') throw replaced(what)
  }

  #taken(count: number): Taken {
    const { subscription, reader } = this.#init
    const { claimed } = subscription.queue
    const positions = Array.from(claimed.position.subarray(0, count))
    const handed = new Array(count)
    for (let index = 0; index < count; index++) {
      handed[index] = {
        bytes: reader.kept(subscription.topic, positions[index] as number),
        token: claimed.token[index],
        failures: claimed.failures[index],
        losses: claimed.losses[index],
        marks: claimed.marks[index],
      }
    }
    return { positions, handed }
  }

  /**
   * Nothing is handed out before it is on the device who has it: a message that takes its process with it must be noticed by
   * the next one.
   */
  async #handOut({ positions, handed }: Taken): Promise<readonly HandedMessage[]> {
    try {
      await Promise.all([this.#read(positions, handed), this.#record(positions)])
    } catch (error) {
      this.#endings.giveBack(handed.map(({ token }) => token))
      throw error
    }
    this.#check('pull')
    return handed as readonly HandedMessage[]
  }

  async #read(positions: readonly number[], handed: Taken['handed']): Promise<void> {
    const missing = positions.filter((_, index) => handed[index]?.bytes === undefined)
    if (missing.length === 0) return
    const { subscription, reader } = this.#init
    const read = await reader.messages(subscription.topic, missing)
    let next = 0
    for (const one of handed) one.bytes ??= read[next++]
  }

  /** Puts on record that this instance has them, but for those that it had already. */
  async #record(all: readonly number[]): Promise<void> {
    const { subscription, ledger, instance } = this.#init
    const positions = this.#inherited.size === 0 ? all : all.filter(position => !this.#inherited.delete(position))
    if (positions.length === 0) return
    const taken = { subscription: subscription.model.number, clock: ledger.clock.now(), instance, positions }
    await ledger.commit([write.taken(taken)], () => ledger.model.take(taken))
  }
}
