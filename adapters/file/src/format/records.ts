import type { NewRecord } from '@pluribus/commit-log'
import type { ErrorRecord, SubscriptionSpec, TopicSpec } from '@pluribus/core/driver'
import { ByteReader } from './byte-reader.js'
import { ByteWriter } from './byte-writer.js'
import { FORMAT, KIND } from './record-kind.js'

/*
 * The bodies of all records but messages. The first byte is FORMAT. Numbers are little-endian; `count` is a whole number, seven bits a
 * byte, the lowest first, the highest bit set where more follow; `text` a count and as many bytes of UTF-8; `positions` a count, then
 * the distance of each from the one before (of the first, from 0) as a count whose lowest bit is the sign. Subscriptions and topics are
 * their numbers. Times are by the folder's clock unless it says otherwise.
 *
 *   TAKEN      format u8 | subscription u32 | clock f64 | instance text | positions
 *   SETTLED    format u8 | subscription u32 | clock f64 | acked positions | released positions | retried count, of each: position f64, due f64, error text (JSON)
 *   DEAD       format u8 | subscription u32 | position f64 | time f64 (since the epoch) | attempts count | losses count | reason text | errors text (JSON)
 *   MARKED     format u8 | subscription u32 | position f64
 *   DECLARED   format u8 | text (JSON): { topics: [{ number, spec }], subscriptions: [{ number, start, spec }] }
 *   REMOVED    format u8 | subscription u32
 *   REVIVED    format u8 | subscription u32 | clock f64 | positions
 *   DISCARDED  format u8 | subscription u32 | positions
 *   TRIMMED    format u8 | topic u32 | before f64 (a position)
 *   LANE       format u8 | epoch f64 | position f64 | name text
 */

/** Of one subscription, by number. */
interface OfSubscription {
  readonly subscription: number
}

export interface Taken extends OfSubscription {
  readonly clock: number
  readonly instance: string
  readonly positions: readonly number[]
}

export interface Retried {
  readonly position: number
  /** 0 for at once. */
  readonly due: number
  readonly error: ErrorRecord
}

export interface SettledRecord extends OfSubscription {
  readonly clock: number
  readonly acked: readonly number[]
  readonly released: readonly number[]
  readonly retried: readonly Retried[]
}

export interface Death extends OfSubscription {
  readonly position: number
  /** Milliseconds since the epoch. */
  readonly time: number
  readonly attempts: number
  readonly losses: number
  readonly reason: string
  readonly errors: readonly ErrorRecord[]
}

export interface Marked extends OfSubscription {
  readonly position: number
}

export interface DeclaredTopic {
  readonly number: number
  readonly spec: TopicSpec
}

export interface DeclaredSubscription {
  readonly number: number
  /** Where a new one starts: a position, or -1 for the end as it is when this is stored. */
  readonly start: number
  readonly spec: SubscriptionSpec
}

export interface Declared {
  readonly topics: readonly DeclaredTopic[]
  readonly subscriptions: readonly DeclaredSubscription[]
}

export interface Revived extends OfSubscription {
  readonly clock: number
  readonly positions: readonly number[]
}

export interface Discarded extends OfSubscription {
  readonly positions: readonly number[]
}

export interface Trimmed {
  readonly topic: number
  readonly before: number
}

export interface LanePosition {
  readonly name: string
  readonly epoch: number
  readonly position: number
}

const begin = () => new ByteWriter().u8(FORMAT)
const record = (kind: number, body: ByteWriter): NewRecord => ({ kind, body: body.written })

export const write = {
  taken: ({ subscription, clock, instance, positions }: Taken): NewRecord =>
    record(KIND.TAKEN, begin().u32(subscription).f64(clock).text(instance).positions(positions)),

  settled({ subscription, clock, acked, released, retried }: SettledRecord): NewRecord {
    const body = begin().u32(subscription).f64(clock).positions(acked).positions(released).count(retried.length)
    for (const { position, due, error } of retried) body.f64(position).f64(due).text(JSON.stringify(error))
    return record(KIND.SETTLED, body)
  },

  dead({ subscription, position, time, attempts, losses, reason, errors }: Death): NewRecord {
    const body = begin().u32(subscription).f64(position).f64(time).count(attempts).count(losses)
    return record(KIND.DEAD, body.text(reason).text(JSON.stringify(errors)))
  },

  marked: ({ subscription, position }: Marked): NewRecord =>
    record(KIND.MARKED, begin().u32(subscription).f64(position)),

  declared: (declared: Declared): NewRecord => record(KIND.DECLARED, begin().text(JSON.stringify(declared))),

  removed: (subscription: number): NewRecord => record(KIND.REMOVED, begin().u32(subscription)),

  revived: ({ subscription, clock, positions }: Revived): NewRecord =>
    record(KIND.REVIVED, begin().u32(subscription).f64(clock).positions(positions)),

  discarded: ({ subscription, positions }: Discarded): NewRecord =>
    record(KIND.DISCARDED, begin().u32(subscription).positions(positions)),

  trimmed: ({ topic, before }: Trimmed): NewRecord => record(KIND.TRIMMED, begin().u32(topic).f64(before)),

  lane: ({ name, epoch, position }: LanePosition): NewRecord =>
    record(KIND.LANE, begin().f64(epoch).f64(position).text(name)),
}

/** The format was checked: {@link FORMAT}. */
const behindFormat = (body: Uint8Array) => new ByteReader(body, 1)

export const read = {
  taken(body: Uint8Array): Taken {
    const reader = behindFormat(body)
    const [subscription, clock] = [reader.u32(), reader.f64()]
    return { subscription, clock, instance: reader.text(), positions: reader.positions() }
  },

  settled(body: Uint8Array): SettledRecord {
    const reader = behindFormat(body)
    const [subscription, clock] = [reader.u32(), reader.f64()]
    const [acked, released] = [reader.positions(), reader.positions()]
    const retried: Retried[] = []
    for (let left = reader.count(); left > 0; left--) {
      retried.push({ position: reader.f64(), due: reader.f64(), error: JSON.parse(reader.text()) as ErrorRecord })
    }
    return { subscription, clock, acked, released, retried }
  },

  dead(body: Uint8Array): Death {
    const reader = behindFormat(body)
    const [subscription, position, time] = [reader.u32(), reader.f64(), reader.f64()]
    const [attempts, losses, reason] = [reader.count(), reader.count(), reader.text()]
    const errors = JSON.parse(reader.text()) as readonly ErrorRecord[]
    return { subscription, position, time, attempts, losses, reason, errors }
  },

  marked(body: Uint8Array): Marked {
    const reader = behindFormat(body)
    return { subscription: reader.u32(), position: reader.f64() }
  },

  declared: (body: Uint8Array): Declared => JSON.parse(behindFormat(body).text()) as Declared,

  removed: (body: Uint8Array): number => behindFormat(body).u32(),

  revived(body: Uint8Array): Revived {
    const reader = behindFormat(body)
    return { subscription: reader.u32(), clock: reader.f64(), positions: reader.positions() }
  },

  discarded(body: Uint8Array): Discarded {
    const reader = behindFormat(body)
    return { subscription: reader.u32(), positions: reader.positions() }
  },

  trimmed(body: Uint8Array): Trimmed {
    const reader = behindFormat(body)
    return { topic: reader.u32(), before: reader.f64() }
  },

  lane(body: Uint8Array): LanePosition {
    const reader = behindFormat(body)
    const [epoch, position] = [reader.f64(), reader.f64()]
    return { name: reader.text(), epoch, position }
  },
}
