import { type Delivery, NOTHING_PULLED, type Pulled, SUSPECT_AFTER } from '@pluribus/core/driver'
import { type Written, writtenNumbers } from './call.js'
import type { Claimed } from './claimed.js'
import { readMessage } from './codec.js'
import type { RedisToken } from './token.js'

/** The positions of what a claim has taken and not answered: the last ones. */
export function unreadOf({ runs, entries }: Claimed): Written | undefined {
  const bounds = boundsOf(runs)
  const taken = bounds.reduce((sum, bound, at) => (at % 2 === 0 ? sum - bound : sum + bound + 1), 0)
  const missing = taken - entries.length
  const last = bounds.at(-1) as number
  return missing === 0 ? undefined : writtenNumbers(last - missing + 1, last)
}

/** Reads what a claim has answered, and what was to be read after it: null where somebody has deleted it. */
export function readPulled(topic: string, claimed: Claimed, rest: readonly unknown[]): Pulled {
  const { dueIn, more } = claimed
  const deliveries = readDeliveries(topic, claimed, rest)
  if (deliveries.length === 0 && dueIn === undefined && !more) return NOTHING_PULLED
  const pulled: { deliveries: readonly Delivery[]; dueIn?: number; more?: boolean } = { deliveries }
  if (dueIn !== undefined) pulled.dueIn = dueIn
  if (more) pulled.more = true
  return pulled
}

function readDeliveries(
  topic: string,
  { claim: given, runs, troubles, claims, entries: read }: Claimed,
  rest: readonly unknown[],
): readonly Delivery[] {
  const deliveries: Delivery[] = []
  const entries = [...read, ...rest] as readonly (Buffer | null)[]
  const bounds = boundsOf(runs)
  let index = 0
  for (let at = 0; at < bounds.length; at += 2) {
    const last = bounds[at + 1] as number
    for (let position = bounds[at] as number; position <= last; position++) {
      const entry = entries[index++] as Buffer | null
      if (entry === null) continue
      const token: RedisToken = { position, claim: given }
      const message = readMessage(topic, entry, position)
      deliveries.push({ message, token, attempt: 1, losses: 0, marks: 0, suspect: false })
    }
  }
  for (const [index, other] of numbered(claims) as Iterable<[number, number]>) {
    const delivery = deliveries[index] as Delivery
    const { position } = delivery.token as RedisToken
    deliveries[index] = { ...delivery, token: { position, claim: String(other) } satisfies RedisToken }
  }
  for (const [index, failures, losses, marks] of numbered(troubles) as Iterable<[number, number, number, number]>) {
    const { message, token } = deliveries[index] as Delivery
    deliveries[index] = { message, token, attempt: failures + 1, losses, marks, suspect: losses >= SUSPECT_AFTER }
  }
  return deliveries
}

/** `first last …`. */
const boundsOf = (runs: string): readonly number[] => (runs === '' ? [] : runs.split(' ').map(Number))

/** Lists of numbers, an index first. Few: most deliveries have none. */
const numbered = (lists: readonly Buffer[]): readonly (readonly number[])[] =>
  lists.map(list => String(list).split(' ').map(Number))
