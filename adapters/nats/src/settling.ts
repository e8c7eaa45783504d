import {
  appendErrors,
  NO_EXCEPTIONS,
  type RejectSettlement,
  type RetrySettlement,
  type Settled,
  type SettleException,
  type Settlement,
  type SubscriptionName,
  type Token,
} from '@pluribus/core/driver'
import type { Acknowledged } from './acknowledged.js'
import { bareHeaders, headersOf } from './codec.js'
import { fitErrors } from './dead-letters.js'
import { takenAway, WRONG_LAST_SEQUENCE } from './errors.js'
import type { Hand } from './hand.js'
import type { Item } from './item.js'
import type { KeyOrder } from './key-order.js'
import type { Link } from './link.js'
import type { Entry } from './outlet.js'
import type { Renewals } from './renewals.js'
import { kept, type Runs, released } from './runs.js'

/** What settling works with. */
export interface SettlingParts {
  readonly link: Link
  readonly subscription: SubscriptionName
  readonly hand: Hand
  readonly renewals: Renewals
  readonly keys: KeyOrder
  readonly runs: Runs
  /** How long the server waits for a word of a delivery, in milliseconds. */
  readonly wait: number
  /** Is told of what is acknowledged. */
  readonly acknowledged: Acknowledged
  /** Something has been put back, and may be pulled. */
  released(): void
}

interface Ending {
  readonly item: Item
  /** What the server is told at last; undefined: nothing, it stays here. */
  readonly word: string | undefined
  /** As what it stays, under a token of its own. */
  readonly again?: Item
  /** What has to be stored before that. */
  readonly entries: readonly Entry[]
  /** It is handled, for better or for worse: the next of its key may go. */
  readonly isFinal: boolean
}

const NOTHING: readonly never[] = Object.freeze([])
const ACK = ''
/** Retries that are held here at most. */
const MOST_HELD = 4_096

const nakAfter = (ms: number): string => (ms > 0 ? `-NAK {"delay":${Math.ceil(ms * 1_000_000)}}` : '-NAK')

/** The same message, to be handed out anew. */
const renewed = (item: Item): Item => ({
  ...item,
  leasedUntil: Number.POSITIVE_INFINITY,
  ...{ isOut: false, isOver: false, isSettling: false, isMarked: false },
})

/**
 * Executes settlements. An ack is a word to the server. Everything else is stored first and said second: the dead letter, how often a
 * message has failed or been given back, up to where a key is handled. Whoever dies in between does it again.
 */
export class Settling {
  readonly #parts: SettlingParts

  constructor(parts: SettlingParts) {
    this.#parts = parts
  }

  async settle({ acks, others }: Settled): Promise<readonly SettleException[]> {
    const exceptions: SettleException[] = []
    const endings: Ending[] = []
    const plain: Item[] = []
    const now = this.#parts.link.environment.clock.monotonic()
    for (const token of acks) {
      const item = this.#claim(token, now, exceptions)
      if (item === undefined) continue
      if (item.key === undefined && item.record === 0) plain.push(item)
      else endings.push({ item, word: ACK, entries: NOTHING, isFinal: true })
    }
    for (const settlement of others) {
      const item = this.#claim(settlement.token, now, exceptions)
      if (item !== undefined) endings.push(this.#endingOf(settlement, item))
    }
    const stored = endings.length === 0 ? endings : await this.#storeBeside(plain, endings, exceptions)
    await this.#say(stored, plain, exceptions)
    return exceptions.length === 0 ? NO_EXCEPTIONS : exceptions
  }

  /** Gives back what was never core's, or not any more: as it is, counting nothing. Rejects where not all of it could be. */
  async release(items: readonly Item[]): Promise<void> {
    if (items.length === 0) return
    const endings = items.map(item => this.#released(item))
    const exceptions: SettleException[] = []
    await this.#say(await this.#store(endings, exceptions), NOTHING, exceptions)
    for (const exception of exceptions) if (exception.kind === 'failed') throw exception.error
  }

  /** Handled before, and only the word of it was lost. */
  acknowledge(item: Item): void {
    this.#parts.hand.drop(item)
    this.#parts.link.nats.publish(item.reply, ACK)
  }

  #claim(token: Token, now: number, exceptions: SettleException[]): Item | undefined {
    const item = this.#parts.hand.claim(token, now)
    if (item === undefined) exceptions.push({ token, kind: 'stale' })
    return item
  }

  #endingOf(settlement: Settlement, item: Item): Ending {
    if (settlement.kind === 'release') return this.#putBack(item)
    if (settlement.kind === 'reject')
      return { item, word: ACK, entries: this.#deathOf(settlement, item), isFinal: true }
    return this.#retried(settlement, item)
  }

  /**
   * A short retry is held here: the server would hand it out again, and count. What has to wait for longer than that waits there: after our
   * death it would come too soon otherwise.
   */
  #retried({ delay, error }: RetrySettlement, item: Item): Ending {
    const { hand, runs, wait, link } = this.#parts
    const errors = fitErrors(appendErrors(item.errors, [error]))
    const dueAt = link.environment.clock.monotonic() + delay
    const again = { ...renewed(item), failures: item.failures + 1, errors, losses: 0, marks: 0, dueAt }
    if (delay <= wait / 2 && hand.held < MOST_HELD) {
      return { item, word: undefined, again, entries: [runs.entry(item.position, kept(again))], isFinal: false }
    }
    return { item, word: nakAfter(delay), entries: [runs.entry(item.position, released(again))], isFinal: false }
  }

  /** It stays ours, and nothing is to be stored unless it was marked. */
  #putBack(item: Item): Ending {
    const entries = item.isMarked ? [this.#parts.runs.entry(item.position, kept(item))] : NOTHING
    return { item, word: undefined, again: renewed(item), entries, isFinal: false }
  }

  #released(item: Item): Ending {
    const left = item.dueAt - this.#parts.link.environment.clock.monotonic()
    return {
      item,
      word: nakAfter(left),
      entries: [this.#parts.runs.entry(item.position, released(item))],
      isFinal: false,
    }
  }

  #deathOf({ reason, attempts, errors }: RejectSettlement, item: Item): readonly Entry[] {
    const { names } = this.#parts.link
    const { subscription } = this.#parts
    const { losses, message, position } = item
    const why = JSON.stringify({ reason, attempts, losses, errors: fitErrors(appendErrors(item.errors, errors)) })
    return [
      { subject: names.why(subscription, position), headers: bareHeaders({}), payload: why },
      { subject: names.dead(subscription, position), headers: headersOf(message, {}), payload: message.payload },
    ]
  }

  /** Where that is not possible, everything is as before: what needs nothing to be stored as well. */
  async #storeBeside(
    plain: readonly Item[],
    endings: readonly Ending[],
    exceptions: SettleException[],
  ): Promise<readonly Ending[]> {
    try {
      return await this.#store(endings, exceptions)
    } catch (error) {
      for (const item of plain) this.#parts.hand.unclaim(item)
      throw error
    }
  }

  /** First what has an entry of its own, then the floors of keys; answers what may be said to the server. */
  async #store(endings: readonly Ending[], exceptions: SettleException[]): Promise<readonly Ending[]> {
    const copied = await this.#append(endings, ({ entries }) => entries, exceptions)
    const { keys } = this.#parts
    const floorOf = ({ item, isFinal }: Ending) => (isFinal && item.key !== undefined ? [keys.entry(item)] : NOTHING)
    return this.#append(copied, floorOf, exceptions)
  }

  /** Answers those that are stored, or have nothing to store. */
  async #append(
    endings: readonly Ending[],
    entriesOf: (ending: Ending) => readonly Entry[],
    exceptions: SettleException[],
  ): Promise<readonly Ending[]> {
    const owners: Ending[] = []
    const entries = endings.flatMap(ending => {
      const own = entriesOf(ending)
      for (const _ of own) owners.push(ending)
      return own
    })
    if (entries.length === 0) return endings
    const { unstored, positions } = await this.#parts.link.appender.append(entries, true).catch((error: unknown) => {
      for (const { item } of endings) this.#parts.hand.unclaim(item)
      throw error
    })
    for (const [index, { again }] of owners.entries()) if (again !== undefined) again.record = positions[index] ?? 0
    if (unstored.length === 0) return endings
    const failures = new Map(unstored.map(({ index, error }) => [owners[index], error]))
    return endings.filter(ending => {
      const error = failures.get(ending)
      if (error === undefined) return true
      this.#fail(ending.item, error, exceptions)
      return false
    })
  }

  #fail(item: Item, error: { readonly code: number }, exceptions: SettleException[]): void {
    const { hand, keys } = this.#parts
    if (error.code !== WRONG_LAST_SEQUENCE) {
      hand.unclaim(item)
      exceptions.push({ token: item, kind: 'failed', error })
      return
    }
    // Somebody else has had it since.
    hand.drop(item)
    if (item.key !== undefined) keys.leave(item)
    exceptions.push({ token: item, kind: 'stale' })
  }

  /** @param plain Handled, and that is all that there is to say of them. */
  async #say(endings: readonly Ending[], plain: readonly Item[], exceptions: SettleException[]): Promise<void> {
    if (endings.length === 0 && plain.length === 0) return
    const { link, keys } = this.#parts
    const acked = plain.map(({ reply }) => reply)
    if (endings.length > 0) this.#end(endings, acked, exceptions)
    link.outlet.say(acked, ACK)
    if (endings.length > 0) this.#follow(endings)
    await link.flush()
    for (const item of plain) this.#acked(item, exceptions)
    for (const { item, word } of endings) {
      // Until then it is renewed, or lost, like everything that is held.
      if (word === ACK) this.#acked(item, exceptions)
      if (item.key !== undefined && word !== undefined) keys.leave(item)
    }
  }

  /** The server has read it. It may have given the message to somebody else by then, and does not say so. */
  #acked(item: Item, exceptions: SettleException[]): void {
    const { acknowledged, hand, renewals, wait, link } = this.#parts
    acknowledged.add(item.position)
    hand.drop(item)
    // What it has read waits in a queue of its own, while it looks for what is over.
    const isLate = renewals.isOver(item, link.environment.clock.monotonic() + wait / 4)
    if (isLate) exceptions.push({ token: item, kind: 'failed', error: takenAway() })
  }

  /** What stays here is put back; what is given back is said so; what is handled is among the `acked`. */
  #end(endings: readonly Ending[], acked: string[], exceptions: SettleException[]): void {
    const { link, hand, renewals } = this.#parts
    for (const { item, word, again } of endings) {
      const isHeld = hand.at(item.position) === item
      if (word !== ACK) hand.drop(item)
      // It is stored all the same, and whoever has the message now may have read that.
      if (again !== undefined && isHeld) this.#again(item, again)
      else if (again !== undefined) exceptions.push({ token: item, kind: 'failed', error: takenAway() })
      // An acknowledgement ends it wherever it is; what the server may have given to others is taken from nobody.
      else if (word === ACK) acked.push(item.reply)
      else if (word !== undefined && !renewals.isOver(item)) link.nats.publish(item.reply, word)
    }
  }

  /** When it is said: others may have the next of their keys, or what was put back. */
  #follow(endings: readonly Ending[]): void {
    const { link, runs, subscription } = this.#parts
    const forgotten: Item[] = []
    const freed = new Set<string>()
    for (const { item, isFinal } of endings) {
      if (isFinal && item.record > 0) forgotten.push(item)
      if (isFinal && item.key !== undefined) freed.add(item.key)
    }
    for (const key of freed) link.nats.publish(link.names.wake(subscription), key)
    runs.forget(forgotten)
    if (endings.some(({ again }) => again !== undefined)) this.#parts.released()
  }

  #again(item: Item, again: Item): void {
    const { hand, keys } = this.#parts
    if (item.key !== undefined) keys.replace(item, again)
    hand.hold(again)
    hand.ready(again)
  }
}
