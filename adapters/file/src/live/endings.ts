import { appendErrors, type RejectSettlement, type RetrySettlement } from '@pluribus/core/driver'
import type { Settling } from '../folder.js'
import { type Death, type Retried, type SettledRecord, write } from '../format/records.js'
import type { Ledger } from './ledger.js'
import type { LiveSubscription } from './live-subscription.js'
import type { RecordReader } from './record-reader.js'

/** What is put on record about deliveries that have ended, but for deaths. */
type Settled = Pick<SettledRecord, 'acked' | 'released' | 'retried'>

/** What ends deliveries work on: all of it the folder's. */
export interface EndingParts {
  readonly subscription: LiveSubscription
  readonly ledger: Ledger
  readonly reader: RecordReader
}

/** How deliveries of a subscription end. What is decided is decided at once; the answer waits for the disk. */
export class Endings {
  readonly #parts: EndingParts

  constructor(parts: EndingParts) {
    this.#parts = parts
  }

  /** As a consumer says. Tokens that are stale are added to `stale`. */
  settle({ acks, others }: Settling, stale: number[]): Promise<void> {
    const { subscription, ledger } = this.#parts
    const { queue, consumers } = subscription
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
    if (consumers.isAnyAsleep) consumers.stir(acks.length + others.length, now)
    return stored
  }

  /** What was claimed cannot be handed out after all. */
  giveBack(tokens: readonly number[]): void {
    const { queue } = this.#parts.subscription
    const released = tokens.flatMap(token => {
      const position = queue.positionOf(token)
      return queue.release(token) ? [position] : []
    })
    // Where this fails too, the folder is read anew, and what was taken is not leased any more.
    this.released(released).catch(() => {})
  }

  /** These are ready again, and nothing is counted. */
  released(positions: readonly number[]): Promise<void> {
    return this.#store({ acked: [], released: positions, retried: [] }, [])
  }

  #retry(token: number, position: number, { delay, error }: RetrySettlement, now: number): Retried {
    const due = delay > 0 ? now + delay : 0
    this.#parts.subscription.queue.retry(token, due)
    return { position, due, error }
  }

  #reject(token: number, position: number, { reason, attempts, errors }: RejectSettlement): Death {
    const { subscription, ledger } = this.#parts
    const { losses = 0, errors: earlier = [] } = subscription.model.troubles.get(position) ?? {}
    subscription.queue.reject(token)
    const { number } = subscription.model
    const time = ledger.clock.wall()
    return { subscription: number, position, time, attempts, losses, reason, errors: appendErrors(earlier, errors) }
  }

  async #store(settled: Settled, deaths: readonly Death[]): Promise<void> {
    const { subscription, ledger, reader } = this.#parts
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
