import type { StoredMessage } from '../../driver/message.js'
import type { SimRecord, StoredSimRecord } from '../sim-log-server/sim-partition.js'
import { encode } from './codec.js'
import { nextBucket } from './delay-buckets.js'

const STAY = 'pluribus-stay'

/** Its stay in a bucket; the other headers are as they will be where it goes at last. */
interface Stay {
  readonly topic: string
  /** What decides its partition. */
  readonly key: string
  /** When it begins, by the server's clock; absent for the first: when it is appended. */
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
  const { bucket, wait, left } = nextBucket(delay)
  return { bucket, record: staying(encode(message), { topic, key: key ?? id, wait, left }) }
}

/** When its stay ends, by the server's clock. Counted from when it should have begun: lateness does not add up. */
export function endOf(record: StoredSimRecord): number {
  const { since = record.time, wait } = stayOf(record)
  return since + wait
}

/** What becomes of it then. */
export function onward(stored: StoredSimRecord): Onward {
  const { topic, key, left } = stayOf(stored)
  const { body } = stored
  if (left === 0) {
    const { [STAY]: over, ...headers } = stored.headers
    return { to: 'topic', topic, key, record: { body, headers } }
  }
  const { bucket, ...next } = nextBucket(left)
  return { to: 'bucket', bucket, record: staying(stored, { topic, key, since: endOf(stored), ...next }) }
}

const staying = ({ body, headers }: SimRecord, stay: Stay): SimRecord => ({
  body,
  headers: { ...headers, [STAY]: JSON.stringify(stay) },
})

const stayOf = ({ headers }: SimRecord): Stay => JSON.parse(headers[STAY] ?? '')
