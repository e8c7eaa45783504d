import type { StoredMessage } from '../../driver/message.js'
import type { SimRecord, StoredSimRecord } from '../sim-log-server/sim-partition.js'
import { encode } from './codec.js'
import { nextBucket } from './delay-buckets.js'

interface Envelope {
  readonly topic: string
  /** What decides its partition. */
  readonly key: string
  /** Where it goes at last, as it will stand there. */
  readonly envelope: string
  /** When its stay in this bucket begins, by the server's clock; absent for the first: when it is appended. */
  readonly since?: number
  readonly wait: number
  /** Of its delay, after this bucket. */
  readonly left: number
}

/** Where a record of a bucket goes when its time has come. */
export type Onward =
  | { readonly to: 'topic'; readonly topic: string; readonly key: string; readonly record: SimRecord }
  | { readonly to: 'bucket'; readonly bucket: number; readonly record: SimRecord }

/** A message on its way into its first bucket. */
export function delayed(
  message: StoredMessage,
  delay: number,
): { readonly bucket: number; readonly record: SimRecord } {
  const { topic, key, id } = message
  const { body, envelope } = encode(message)
  const { bucket, wait, left } = nextBucket(delay)
  const own: Envelope = { topic, key: key ?? id, envelope, wait, left }
  return { bucket, record: { body, envelope: JSON.stringify(own) } }
}

/** When its stay ends, by the server's clock. Counted from when it should have begun: lateness does not add up. */
export function endOf({ envelope, time }: StoredSimRecord): number {
  const { since = time, wait }: Envelope = JSON.parse(envelope)
  return since + wait
}

/** What becomes of it then. */
export function onward(stored: StoredSimRecord): Onward {
  const { topic, key, envelope, left }: Envelope = JSON.parse(stored.envelope)
  const { body } = stored
  if (left === 0) return { to: 'topic', topic, key, record: { body, envelope } }
  const next = nextBucket(left)
  const own: Envelope = { topic, key, envelope, since: endOf(stored), wait: next.wait, left: next.left }
  return { to: 'bucket', bucket: next.bucket, record: { body, envelope: JSON.stringify(own) } }
}
