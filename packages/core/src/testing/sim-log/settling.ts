import {
  NO_EXCEPTIONS,
  type RejectSettlement,
  type RetrySettlement,
  type Settled,
  type SettleException,
  type Settlement,
  type Token,
} from '../../driver/subscriber.js'
import { appendErrors } from '../../errors/error-record.js'
import { SimLogError } from '../sim-log-server/sim-log-error.js'
import type { SimRecord } from '../sim-log-server/sim-partition.js'
import { encode } from './codec.js'
import type { Committer } from './committer.js'
import { encodeDeath } from './dead-letter-record.js'
import { rebalancing } from './errors.js'
import type { Hand } from './hand.js'
import type { Item } from './item.js'

/** A copy that has to be stored before its original is settled. */
export interface Copy {
  readonly to: 'own' | 'dead'
  /** The partition; a dead-letter channel has one. */
  readonly index: number
  readonly record: SimRecord
}

/** What settling asks of its source. */
export interface SettlingOwner {
  /** Stores copies, all or none. */
  append(copies: readonly Copy[]): Promise<void>
  /** Floors have moved, and that is stored. */
  settled(): void
}

interface Ending {
  readonly token: Token
  readonly item: Item
}

/** One `settle` call: what it ends for good, what of that has to be copied first, and what did not take effect. */
class Batch {
  readonly endings: Ending[] = []
  readonly copies: { readonly ending: Ending; readonly copy: Copy }[] = []
  /** Losses and marks have changed without anything being done: that is stored too. */
  readonly touched: Ending[] = []
  readonly exceptions: SettleException[] = []
}

/**
 * Executes settlements. An ack moves a floor. A retry without a key becomes a copy in the subscription's own channel, a dead
 * letter one in its channel: confirmed first, then the original is done. A retry with a key is held, a release put back:
 * nothing moves.
 */
export class Settling {
  readonly #hand: Hand
  readonly #committer: Committer
  readonly #owner: SettlingOwner

  constructor(hand: Hand, committer: Committer, owner: SettlingOwner) {
    this.#hand = hand
    this.#committer = committer
    this.#owner = owner
  }

  async settle({ acks, others }: Settled): Promise<readonly SettleException[]> {
    const batch = new Batch()
    for (const token of acks) {
      const ending = this.#claim(token, batch)
      if (ending !== undefined) batch.endings.push(ending)
    }
    for (const settlement of others) {
      const ending = this.#claim(settlement.token, batch)
      if (ending !== undefined) this.#sort(settlement, ending, batch)
    }
    await this.#copy(batch)
    await this.#finish(batch)
    return batch.exceptions.length === 0 ? NO_EXCEPTIONS : batch.exceptions
  }

  #claim(token: Token, { exceptions }: Batch): Ending | undefined {
    const item = this.#hand.claim(token)
    if (item === undefined) exceptions.push({ token, kind: 'stale' })
    return item === undefined ? undefined : { token, item }
  }

  #sort(settlement: Settlement, ending: Ending, batch: Batch): void {
    const { item } = ending
    if (settlement.kind === 'release') return this.#release(ending, batch)
    if (settlement.kind === 'retry' && item.message.key !== undefined) return this.#hold(settlement, ending, batch)
    // An earlier call has stored it, and could not move the floor.
    if (item.isCopied) batch.endings.push(ending)
    else {
      const copy = settlement.kind === 'retry' ? retryOf(item, settlement) : deathOf(item, settlement)
      batch.copies.push({ ending, copy })
    }
  }

  #release({ token, item }: Ending, batch: Batch): void {
    this.#hand.drop(token)
    if (item.lane.ledger.unmark(item.position)) batch.touched.push({ token, item })
    this.#hand.putBack(item)
  }

  #hold({ delay, error }: RetrySettlement, { token, item }: Ending, batch: Batch): void {
    const { ledger } = item.lane
    const { losses, marks } = ledger.lossesOf(item.position, item.ordinal)
    if (losses + marks > 0) {
      ledger.forgive(item.position, item.ordinal)
      batch.touched.push({ token, item })
    }
    this.#hand.drop(token)
    item.failures++
    item.errors = appendErrors(item.errors, [error])
    this.#hand.hold(item, delay)
  }

  async #copy({ copies, endings, exceptions }: Batch): Promise<void> {
    if (copies.length === 0) return
    try {
      await this.#owner.append(copies.map(({ copy }) => copy))
      for (const { ending } of copies) {
        ending.item.isCopied = true
        endings.push(ending)
      }
    } catch (error) {
      for (const { ending } of copies) this.#fail(ending, error, exceptions)
    }
  }

  async #finish({ endings, touched, exceptions }: Batch): Promise<void> {
    const ours = endings.filter(ending => {
      const isOurs = this.#hand.get(ending.token) !== undefined
      if (!isOurs) this.#fail(ending, rebalancing(), exceptions)
      return isOurs
    })
    if (ours.length + touched.length === 0) return
    for (const { item } of ours) item.lane.done(item.position)
    try {
      await this.#committer.store([...ours, ...touched].map(({ item }) => item))
    } catch (error) {
      // What was only touched has taken effect here; the next commit stores it, and without one a loss counts once too often.
      for (const ending of ours) this.#fail(ending, error, exceptions)
      return
    }
    for (const { token, item } of ours) if (this.#hand.drop(token)) this.#hand.leave(item)
    this.#owner.settled()
  }

  #fail({ token, item }: Ending, error: unknown, exceptions: SettleException[]): void {
    const isOurs = this.#hand.get(token) !== undefined
    this.#hand.unclaim(token)
    // Where a copy is stored, or something was under way when the link broke, it is not true that nothing has changed.
    const isStale = !isOurs && !item.isCopied && isRefused(error)
    exceptions.push(isStale ? { token, kind: 'stale' } : { token, kind: 'failed', error })
  }
}

/** The server has executed nothing, or was not asked. */
const isRefused = (error: unknown): boolean =>
  error instanceof SimLogError && (error.kind === 'FENCED' || error.kind === 'REBALANCING')

function retryOf({ message, partition, origin, failures, errors }: Item, { delay, error }: RetrySettlement): Copy {
  const carried = { origin, failures: failures + 1, errors: appendErrors(errors, [error]), delay }
  return { to: 'own', index: partition.index, record: encode(message, carried) }
}

function deathOf(item: Item, { reason, attempts, errors }: RejectSettlement): Copy {
  const { losses } = item.lane.ledger.lossesOf(item.position, item.ordinal)
  const death = { reason, attempts, losses, errors: appendErrors(item.errors, errors) }
  return { to: 'dead', index: 0, record: encodeDeath(item, death) }
}
