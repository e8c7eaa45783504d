import type { StoredDeadLetter } from '../../driver/persistence.js'
import type { SubscriptionName } from '../../driver/spec.js'
import type { SimRecord, StoredSimRecord } from '../sim-log-server/sim-partition.js'
import { decode, encode } from './codec.js'
import type { Item } from './item.js'

/** How long a claim to a dead letter holds, in milliseconds by the server's clock: whoever made it may have died. */
export const CLAIM = 10_000

/** Why a message is dead; when, says the record. */
export type Death = Pick<StoredDeadLetter, 'reason' | 'errors' | 'attempts' | 'losses'>

const ENTRY = 'pluribus-entry'

/** What a record of a dead-letter channel says; where it is a death, the rest of the record is the message. */
type Entry =
  /** `origin`: which message it is, however often a crash makes us bury it. */
  | { readonly kind: 'dead'; readonly origin: string; readonly death: Death }
  /** Somebody is about to move these: of several who are at it at once, the first does. */
  | { readonly kind: 'claim'; readonly positions: readonly number[] }
  /** These positions are no dead letters any more. */
  | { readonly kind: 'gone'; readonly positions: readonly number[] }

/** A dead letter as it is read. */
export interface FoundDeadLetter {
  readonly position: number
  readonly letter: StoredDeadLetter
  /** The position that the message was published at, and its partition. */
  readonly origin: { readonly index: number; readonly position: number }
  /** The record of the claim that holds. */
  readonly claim?: { readonly position: number; readonly time: number }
}

/** A dead letter as a record. */
export function encodeDeath({ message, partition, origin }: Item, death: Death): SimRecord {
  return entered({ kind: 'dead', origin: `${partition.index}:${origin}`, death }, encode(message))
}

/** A claim to dead letters; see {@link CLAIM}. */
export function encodeClaim(positions: readonly number[]): SimRecord {
  return entered({ kind: 'claim', positions })
}

/** Dead letters that have been redriven or discarded: nothing in a log can be deleted from the middle. */
export function encodeGone(positions: readonly number[]): SimRecord {
  return entered({ kind: 'gone', positions })
}

const entered = (entry: Entry, { body, headers }: SimRecord = { body: '', headers: {} }): SimRecord => ({
  body,
  headers: { ...headers, [ENTRY]: JSON.stringify(entry) },
})

/** What is still dead after all these records, oldest first. */
export function livingDeadLetters(
  subscription: SubscriptionName,
  records: Iterable<StoredSimRecord>,
): readonly FoundDeadLetter[] {
  const found = new Map<number, FoundDeadLetter>()
  const positions = new Map<string, number>()
  for (const record of records) {
    const entry: Entry = JSON.parse(record.headers[ENTRY] ?? '')
    if (entry.kind === 'gone') {
      for (const position of entry.positions) found.delete(position)
      continue
    }
    if (entry.kind === 'claim') {
      claim(found, entry.positions, record)
      continue
    }
    // Buried twice by a crash between the copy and the commit: the later one has all that is known.
    const buried = positions.get(entry.origin)
    if (buried !== undefined) found.delete(buried)
    positions.set(entry.origin, record.position)
    found.set(record.position, toFound(subscription, record, entry))
  }
  return [...found.values()]
}

function claim(found: Map<number, FoundDeadLetter>, positions: readonly number[], { position, time }: StoredSimRecord) {
  for (const claimed of positions) {
    const dead = found.get(claimed)
    const isFree = dead?.claim === undefined || time >= dead.claim.time + CLAIM
    if (dead !== undefined && isFree) found.set(claimed, { ...dead, claim: { position, time } })
  }
}

function toFound(
  { topic, name }: SubscriptionName,
  record: StoredSimRecord,
  { origin, death }: Entry & { kind: 'dead' },
): FoundDeadLetter {
  const [index, published] = origin.split(':').map(Number) as [number, number]
  const { position, time } = record
  const letter = { ...death, message: decode(record, topic, index), subscription: { topic, name }, time }
  return { position, letter, origin: { index, position: published } }
}
