import type { QueueCounts } from '@pluribus/queue'
import { readMessage } from '../src/codec.js'
import type { SubscriptionKeys } from '../src/keys.js'
import type { RedisToken } from '../src/token.js'
import type { SyncRedis } from './sync-redis.js'

type Fields = ReadonlyMap<string, Buffer>

interface Lease {
  readonly claim: string
  readonly session: string
  readonly deadline: number
}

/** What a subscription with a topic of its own has stored, read from its keys without any script. */
export class Stored {
  readonly #leases: ReadonlyMap<string, Lease>
  readonly #retrying: ReadonlyMap<string, number>
  readonly #scheduled: ReadonlyMap<string, number>
  readonly #counted: { readonly unseen: number; readonly ready: number; readonly parked: number }
  /** In the order in which they died. */
  readonly dead: readonly number[]
  readonly pending: readonly number[]

  static read(redis: SyncRedis, keys: SubscriptionKeys): Stored {
    const { state, ready, leases, retrying, parked, dead, claims } = keys
    const { topic, log, scheduled } = keys.ofTopic
    return new Stored(
      redis.run([
        ['hgetall', topic],
        ['hgetall', log],
        ['zrange', scheduled, 0, -1, 'WITHSCORES'],
        ['hgetall', state],
        ['zrange', ready, 0, -1],
        ['hgetall', leases],
        ['zrange', retrying, 0, -1, 'WITHSCORES'],
        ['hkeys', parked],
        ['zrange', dead, 0, -1],
        ['hgetall', claims],
      ]),
    )
  }

  private constructor(replies: readonly unknown[]) {
    const [topic, log, scheduled, state, ready, leases, retrying, parked, dead, claims] = replies
    const [ofTopic, entries, own] = [fieldsOf(topic), fieldsOf(log), fieldsOf(state)]
    const names = (reply: unknown) => (reply as readonly Buffer[]).map(String)
    this.#leases = leasesOf(fieldsOf(leases), fieldsOf(claims))
    this.#retrying = scoresOf(retrying)
    this.#scheduled = new Map(Array.from(scoresOf(scheduled), ([member, due]) => [member.slice(1), due]))
    const unseen = unseenOf(entries, Number(own.get('cursor')), String(own.get('born')))
    this.#counted = {
      unseen: Number(ofTopic.get('placed')) - Number(own.get('passed')),
      ...{ ready: names(ready).length, parked: names(parked).length },
    }
    const modelled = (position: string) => Number(readMessage('', entries.get(position) as Buffer, position).id)
    this.dead = names(dead).map(modelled)
    const all = [...unseen, ...names(ready), ...names(parked), ...this.#leases.keys(), ...names(dead)]
    this.pending = [...all, ...this.#retrying.keys(), ...this.#scheduled.keys()].map(modelled)
    this.#modelled = modelled
  }

  readonly #modelled: (position: string) => number

  isHolding(session: string | undefined): boolean {
    return [...this.#leases.values()].some(lease => lease.session === session)
  }

  /** The model's position of what a token leases; -1 where it is stale. */
  leasedAs({ position, claim }: RedisToken): number {
    return this.#leases.get(String(position))?.claim === claim ? this.#modelled(String(position)) : -1
  }

  /** `noticed`: up to when what is due was noticed. The adapter moves retries later, where nobody can tell; here as below. */
  nextDue(noticed: number): number {
    const retries = [...this.#retrying.values()].filter(time => time > noticed)
    const ends = Array.from(this.#leases.values(), ({ deadline }) => deadline)
    return Math.min(Number.POSITIVE_INFINITY, ...ends, ...retries, ...this.#scheduled.values())
  }

  counts(noticed: number): QueueCounts {
    const due = [...this.#retrying.values()].filter(time => time <= noticed).length
    const { unseen, ready, parked } = this.#counted
    return {
      waiting: unseen + ready + parked + due,
      leased: this.#leases.size,
      retrying: this.#retrying.size - due,
      scheduled: this.#scheduled.size,
      dead: this.dead.length,
    }
  }
}

/** By position: those that have a record, and those that share one. */
function leasesOf(own: Fields, claims: Fields): ReadonlyMap<string, Lease> {
  const leases = new Map<string, Lease>()
  for (const [position, record] of own) {
    const [claim = '', session = '', deadline] = String(record).slice(1).split(':')
    leases.set(position, { claim, session, deadline: Number(deadline) })
  }
  for (const [claim, record] of claims) {
    const [session = '', deadline, first, held = ''] = String(record).split(':')
    for (const { index } of held.matchAll(/1/g)) {
      leases.set(String(Number(first) + index), { claim, session, deadline: Number(deadline) })
    }
  }
  return leases
}

/** What stands in the order behind the cursor. */
function unseenOf(entries: Fields, cursor: number, born: string): string[] {
  return Array.from(entries).flatMap(([field, value]) => {
    if (!(Number(field) > cursor)) return []
    if (value[0] === 0x6d) return [field]
    const [, position, whose] = /^[@=](\d+)(?: (\d+))?$/.exec(String(value)) ?? []
    return position !== undefined && (whose ?? born) === born ? [position] : []
  })
}

const fieldsOf = (reply: unknown): Fields => new Map(Object.entries(reply as Readonly<Record<string, Buffer>>))

function scoresOf(reply: unknown): ReadonlyMap<string, number> {
  const flat = (reply as readonly Buffer[]).map(String)
  return new Map(flat.flatMap((member, index) => (index % 2 === 0 ? [[member, Number(flat[index + 1])] as const] : [])))
}
