import type { StoredDeadLetter } from '../../driver/persistence.js'
import type { SubscriptionName } from '../../driver/spec.js'
import type { SimRecord, StoredSimRecord } from '../sim-log-server/sim-partition.js'
import { decode, encode } from './codec.js'
import type { Item } from './item.js'

/** Why a message is dead; when, says the record. */
export type Death = Pick<StoredDeadLetter, 'reason' | 'errors' | 'attempts' | 'losses'>

type Envelope =
  /** `origin`: which message it is, however often a crash makes us bury it. */
  | { readonly kind: 'dead'; readonly message: string; readonly origin: string; readonly death: Death }
  /** These positions are no dead letters any more. */
  | { readonly kind: 'gone'; readonly positions: readonly number[] }

/** A dead letter as it is read. */
export interface FoundDeadLetter {
  readonly position: number
  readonly letter: StoredDeadLetter
  /** The position that the message was published at, and its partition. */
  readonly origin: { readonly index: number; readonly position: number }
}

/** A dead letter as a record. */
export function encodeDeath({ message, partition, origin }: Item, death: Death): SimRecord {
  const { body, envelope } = encode(message)
  const dead: Envelope = { kind: 'dead', message: envelope, origin: `${partition.index}:${origin}`, death }
  return { body, envelope: JSON.stringify(dead) }
}

/** Dead letters that have been redriven or discarded: nothing in a log can be deleted from the middle. */
export function encodeGone(positions: readonly number[]): SimRecord {
  const gone: Envelope = { kind: 'gone', positions }
  return { body: '', envelope: JSON.stringify(gone) }
}

/** What is still dead after all these records, oldest first. */
export function livingDeadLetters(
  subscription: SubscriptionName,
  records: Iterable<StoredSimRecord>,
): readonly FoundDeadLetter[] {
  const found = new Map<number, FoundDeadLetter>()
  const positions = new Map<string, number>()
  for (const record of records) {
    const envelope: Envelope = JSON.parse(record.envelope)
    if (envelope.kind === 'gone') {
      for (const position of envelope.positions) found.delete(position)
      continue
    }
    // Buried twice by a crash between the copy and the commit: the later one has all that is known.
    const buried = positions.get(envelope.origin)
    if (buried !== undefined) found.delete(buried)
    positions.set(envelope.origin, record.position)
    found.set(record.position, toFound(subscription, record, envelope))
  }
  return [...found.values()]
}

function toFound(
  { topic, name }: SubscriptionName,
  { body, position, time }: StoredSimRecord,
  { message, origin, death }: Envelope & { kind: 'dead' },
): FoundDeadLetter {
  const [index, published] = origin.split(':').map(Number) as [number, number]
  const letter = { ...death, message: decode({ body, envelope: message }).message, subscription: { topic, name }, time }
  return { position, letter, origin: { index, position: published } }
}
